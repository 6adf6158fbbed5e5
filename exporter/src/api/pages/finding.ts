import type { EventRef, Finding, FindingDetail, FindingStep, SinceLast } from '@remit/contract';
import type { Html} from '../../lib/html.ts';
import { href, html, shown } from '../../lib/html.ts';
import type { PageContent } from './layout.ts';
import { ago, number, plural, severityBadge, stateBadge, time, who } from './phrases.ts';

/** One finding, in the order in which a person woken by it asks: what, who, expected against observed, what to do, proof. */
export function findingPage(finding: FindingDetail, now: number): PageContent {
  const { title, guidance } = finding;
  return {
    title, here: 'findings', clock: html`times are UTC, of the events`,
    body: html`
<p>${severityBadge(finding.severity)} ${stateBadge(finding.state)} <span class="soft small">last event ${ago(finding.last, now)}</span></p>
<h1>${title}</h1>
<p class="lead"><strong>${who(finding.identity, 200)}</strong> · ${finding.owner === null
  ? html`<strong>nobody owns it</strong>` : html`owner: <strong>${shown(finding.owner, 64)}</strong>`}${finding.purpose !== null && html` · purpose: ${shown(finding.purpose, 300)}`}</p>
<div class="pair"><div><h2>Expected</h2><p>${shown(finding.expected, 300)}</p></div><div class="edge-${finding.severity}"><h2>Observed</h2><p>${shown(finding.observed, 300)}</p></div></div>
${(guidance !== null || finding.contact !== null) && html`<section class="first"><h2>Do this first</h2>${guidance && html`<p>${shown(guidance.first_action, 600)}</p>`}
${finding.contact && html`<p class="small">${contact(finding.contact)}</p>`}${guidance !== null && guidance.runbook !== null && html`<p class="small"><a href="${guidance.runbook}">Runbook: ${finding.detector}</a></p>`}</section>`}
${caveats(finding)}
<dl class="facts">
<div><dt>First event</dt><dd>${time(finding.first)}</dd></div><div><dt>Last event</dt><dd>${time(finding.last)}</dd></div>
<div><dt>Events</dt><dd>${number(finding.count)}</dd></div><div><dt>About</dt><dd>${shown(finding.subject, 120)}</dd></div>
<div><dt>Detector</dt><dd>${shown(finding.detector, 64)} <span class="soft small">(${finding.class})</span></dd></div></dl>
${since(finding.since_last)}
<h2>Evidence</h2>${evidence(finding)}
${benign(guidance)}
${history(finding.history ?? [])}
${frameworks(guidance)}
${more(finding)}`,
  };
}

function caveats(finding: Finding): Html {
  return html`${finding.provisional && html`<div class="note info"><p>The hour is still open: at its end this is confirmed or withdrawn.</p></div>`}
${finding.exception !== undefined && html`<div class="note plain"><p>Silenced by the exception <code>${shown(finding.exception, 64)}</code> of the inventory.</p></div>`}
${finding.closed_at !== undefined && html`<div class="note plain"><p>Closed at ${time(finding.closed_at)} UTC: no longer open (quiet or closed), which does not mean fixed.</p></div>`}`;
}

function evidence(finding: Finding): Html {
  if (finding.evidence.length === 0) return html`<p class="soft">This finding is about a state, not about single events.</p>`;
  const used = (key: 'resource' | 'credential' | 'network'): boolean => finding.evidence.some((each) => each[key] !== undefined);
  const columns = { resource: used('resource'), credential: used('credential'), network: used('network') };
  return html`<div class="scroll"><table><caption>${finding.count > finding.evidence.length
    ? `The earliest and the latest ${finding.evidence.length} of ${plural(finding.count, 'event')}` : plural(finding.evidence.length, 'event')}</caption>
<thead><tr><th scope="col">Time (UTC)</th><th scope="col">Operation</th>${columns.resource && html`<th scope="col">Target</th>`}<th scope="col">Outcome</th>
${columns.network && html`<th scope="col">From</th>`}${columns.credential && html`<th scope="col">Credential</th>`}<th scope="col">Event</th></tr></thead><tbody>
${finding.evidence.map((each) => row(each, columns))}</tbody></table></div>`;
}

function row(event: EventRef, columns: { resource: boolean; credential: boolean; network: boolean }): Html {
  const cell = (text: string | undefined, max: number): Html => html`<td class="mono keep">${text === undefined ? '–' : shown(text, max)}</td>`;
  const outcome = { success: 'good', failure: 'warning', denied: 'warning' }[event.outcome];
  return html`<tr><td class="t">${time(event.time)}</td>
<td><span class="mono">${shown(event.operation, 120)}</span><p class="small soft">${event.category.replaceAll('_', ' ')} · ${shown(event.source, 64)}</p></td>
${columns.resource && cell(event.resource, 160)}<td><span class="badge ${outcome}">${event.outcome}</span></td>
${columns.network && cell(event.network, 80)}${columns.credential && cell(event.credential, 80)}<td class="mono soft t">${shown(event.uid, 12)}</td></tr>`;
}

function contact({ contact: asked, escalation }: NonNullable<FindingDetail['contact']>): Html {
  if (asked === null && escalation === null) return html`The inventory names nobody to ask in this team.`;
  return html`${asked !== null && html`Ask: ${shown(asked, 200)}`}${asked !== null && escalation !== null && ' · '}${escalation !== null && html`Escalation: ${shown(escalation, 200)}`}`;
}

function since(last: SinceLast | null): Html {
  if (last === null) return html`<h2>Since last time</h2><p class="soft">The first of its kind for this identity in the 30 days that are remembered.</p>`;
  return html`<h2>Since last time</h2><p><a href="/findings/${last.finding}">Last found</a> ${time(last.first)} to ${time(last.last)}, ${plural(last.count, 'event')}, ${stateBadge(last.state)}</p>
${last.differs.length === 0 ? html`<p class="soft">Nothing that a finding shows differs.</p>` : html`<div class="scroll"><table><caption>What differs</caption>
<thead><tr><th scope="col">What</th><th scope="col">Then</th><th scope="col">Now</th></tr></thead><tbody>
${last.differs.map(({ what, before, now }) => html`<tr><th scope="row">${what}</th><td class="keep">${before === null ? '–' : shown(before, 300)}</td><td class="keep">${now === null ? '–' : shown(now, 300)}</td></tr>`)}</tbody></table></div>`}`;
}

function history(steps: readonly FindingStep[]): Html {
  if (steps.length === 0) return html``;
  return html`<h2>History</h2><div class="scroll"><table><caption>Changes of its state, oldest first; times are of this installation</caption>
<thead><tr><th scope="col">Time (UTC)</th><th scope="col">State</th><th scope="col">By</th><th scope="col">Note</th></tr></thead><tbody>
${steps.map((step) => html`<tr><td class="t">${time(step.at)}</td><td>${step.from === step.to ? step.to : `${step.from} → ${step.to}`}</td>
<td>${step.by === null ? html`<span class="soft">rule</span>` : html`token ${shown(step.by, 64)}`}${step.claimed_user !== undefined && html`<p class="small soft">says to be ${shown(step.claimed_user, 128)}</p>`}</td>
<td class="keep">${step.note === undefined ? '–' : shown(step.note, 2000)}</td></tr>`)}</tbody></table></div>`;
}

type Guidance = FindingDetail['guidance'];

function benign(guidance: Guidance): Html {
  if (guidance === null || guidance.benign.length === 0) return html``;
  return html`<h2>It may be harmless</h2><ul>${guidance.benign.map((each) => html`<li>${shown(each, 400)}</li>`)}</ul>
<p class="soft small">If so, add an exception with owner, reason and expiry to the identity’s inventory record, or correct the record, and close it: <code>remit verdict ID benign --note WHY</code>.</p>`;
}

function frameworks(guidance: Guidance): Html {
  if (guidance === null || guidance.frameworks.length === 0) return html``;
  return html`<h2>Frameworks</h2><ul class="plain">${guidance.frameworks.map((each) => html`<li><span class="soft">${each.name} ${each.version}</span> <strong>${each.id}</strong> ${each.title}</li>`)}</ul>`;
}

function more(finding: Finding): Html {
  return html`<h2>More</h2><ul class="plain">
<li><a href="${href('/findings', { identity: finding.identity, detector: finding.detector })}">Other findings of this kind for this identity</a></li>
<li><a href="${href('/findings', { identity: finding.identity })}">Everything found about this identity</a></li>
<li><a href="${href('/api/v1/events', { identity: finding.identity, from: String(finding.first - 3_600_000), to: String(finding.last + 3_600_000) })}">Its events from an hour before to an hour after, as JSON</a></li>
<li><a href="/api/v1/findings/${finding.id}">This finding as JSON</a>, or <code>remit explain ${finding.id}</code></li>
<li>Say what it was: <code>remit verdict ${finding.id} acknowledged|benign|bad|open --note WHY</code>, with the write token</li></ul>
${finding.also.length > 0 && html`<p class="soft small">Also spoke about the same events: ${finding.also.join(', ')}.</p>`}
<p class="soft small">Finding ${finding.id}, revision ${finding.revision}, opened here ${time(finding.opened_at)}${finding.score !== undefined && html`, score ${finding.score.toFixed(1)}`}.</p>`;
}
