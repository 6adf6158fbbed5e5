import type { EventRef, Finding } from '@remit/contract';
import type { Html} from '../../lib/html.ts';
import { href, html, shown } from '../../lib/html.ts';
import type { DetectorCard } from '../api.ts';
import type { PageContent } from './layout.ts';
import { ago, number, plural, severityBadge, stateBadge, time, who } from './phrases.ts';

/** One finding, in the order in which a person woken by it asks: what, who, expected against observed, what to do, proof. */
export function findingPage(finding: Finding, card: DetectorCard | null, hasRunbook: boolean, now: number): PageContent {
  const title = card?.title ?? finding.detector;
  return {
    title, here: 'findings', clock: html`times are UTC, of the events`,
    body: html`
<p>${severityBadge(finding.severity)} ${stateBadge(finding.state)} <span class="soft small">last event ${ago(finding.last, now)}</span></p>
<h1>${title}</h1>
<p class="lead"><strong>${who(finding.identity, 200)}</strong> · ${finding.owner === null
  ? html`<strong>nobody owns it</strong>` : html`owner: <strong>${shown(finding.owner, 64)}</strong>`}${finding.purpose !== null && html` · purpose: ${shown(finding.purpose, 300)}`}</p>
<div class="pair"><div><h2>Expected</h2><p>${shown(finding.expected, 300)}</p></div><div class="edge-${finding.severity}"><h2>Observed</h2><p>${shown(finding.observed, 300)}</p></div></div>
${card && html`<section class="first"><h2>Do this first</h2><p>${shown(card.firstAction, 600)}</p>${hasRunbook && html`<p class="small"><a href="/runbooks/${card.id}">Runbook: ${card.id}</a></p>`}</section>`}
${caveats(finding)}
<dl class="facts">
<div><dt>First event</dt><dd>${time(finding.first)}</dd></div><div><dt>Last event</dt><dd>${time(finding.last)}</dd></div>
<div><dt>Events</dt><dd>${number(finding.count)}</dd></div><div><dt>About</dt><dd>${shown(finding.subject, 120)}</dd></div>
<div><dt>Detector</dt><dd>${shown(finding.detector, 64)} <span class="soft small">(${finding.class})</span></dd></div></dl>
<h2>Evidence</h2>${evidence(finding)}
${benign(card)}
${frameworks(card)}
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

function benign(card: DetectorCard | null): Html {
  if (card === null || card.benign.length === 0) return html``;
  return html`<h2>It may be harmless</h2><ul>${card.benign.map((each) => html`<li>${shown(each, 400)}</li>`)}</ul>
<p class="soft small">If so, add an exception with owner, reason and expiry to the identity’s inventory record, or correct the record.</p>`;
}

function frameworks(card: DetectorCard | null): Html {
  if (card === null || card.frameworks.length === 0) return html``;
  return html`<h2>Frameworks</h2><ul class="plain">${card.frameworks.map((each) => html`<li><span class="soft">${each.name} ${each.version}</span> <strong>${each.id}</strong> ${each.title}</li>`)}</ul>`;
}

function more(finding: Finding): Html {
  return html`<h2>More</h2><ul class="plain">
<li><a href="${href('/findings', { identity: finding.identity, detector: finding.detector })}">Other findings of this kind for this identity</a></li>
<li><a href="${href('/findings', { identity: finding.identity })}">Everything found about this identity</a></li>
<li><a href="${href('/api/v1/events', { identity: finding.identity, from: String(finding.first - 3_600_000), to: String(finding.last + 3_600_000) })}">Its events from an hour before to an hour after, as JSON</a></li>
<li><a href="/api/v1/findings/${finding.id}">This finding as JSON</a>, or <code>remit explain ${finding.id}</code></li></ul>
${finding.also.length > 0 && html`<p class="soft small">Also spoke about the same events: ${finding.also.join(', ')}.</p>`}
<p class="soft small">Finding ${finding.id}, revision ${finding.revision}, opened here ${time(finding.opened_at)}${finding.score !== undefined && html`, score ${finding.score.toFixed(1)}`}.</p>`;
}
