import type { Finding, IdentitySummary, Page, Problem, StatusReport } from '@remit/contract';
import type { Html} from '../../lib/html.ts';
import { href, html, shown } from '../../lib/html.ts';
import type { DetectorCard } from '../api.ts';
import { coverageTable, shortcomings } from './coverage.ts';
import { episodeRows, findingRows } from './findings.ts';
import { identityTable } from './identities.ts';
import type { PageContent } from './layout.ts';
import { ago, bytes, number, plural, time, words } from './phrases.ts';

export interface StatusView {
  status: StatusReport; open: Page<Finding>; identities: Page<IdentitySummary>;
  detector(id: string): DetectorCard | null;
  refresh: boolean; host: string;
}

/** The status page: what is wrong first, then whether the service could see it at all, then what it knows. */
export function statusPage(view: StatusView): PageContent {
  const { status } = view;
  return {
    title: titleOf(view), here: 'status', ...(view.refresh ? { refresh: 10 } : {}),
    clock: html`${time(status.now)} UTC · ${view.refresh ? html`<a href="/?refresh=off">pause updates</a>` : html`<a href="/">update every 10 s</a>`}`,
    body: html`
<h1>${headline(status)}</h1>
<p class="lead">${lead(status)}</p>
${attention(status)}
${openFindings(view)}
${facts(status)}
<div class="cols"><div>${sources(view)}${rejected(status)}</div><div>${coverageTable(status.coverage)}${inventory(status)}</div></div>
${topIdentities(view)}
${elsewhere(status)}`,
  };
}

const MOST_CRITICAL = 25;
const MOST_SHOWN = 10;
const MOST_PROBLEMS = 10;

function titleOf({ status }: StatusView): string {
  return status.findings.open === 0 ? 'No open finding' : `${plural(status.findings.open, 'open finding')}`;
}

const eventsOf = (status: StatusReport): number => status.sources.reduce((sum, source) => sum + source.events, 0);

function headline(status: StatusReport): string {
  const { findings } = status;
  if (findings.open === 0) return eventsOf(status) === 0 ? 'No event has arrived yet' : 'No finding is open';
  const parts = (['critical', 'warning', 'info'] as const)
    .filter((severity) => (findings.bySeverity[severity] ?? 0) > 0)
    .map((severity) => `${number(findings.bySeverity[severity] ?? 0)} ${severity}`);
  return `${plural(findings.open, 'finding is open', 'findings are open')}${parts.length > 0 ? `: ${parts.join(', ')}` : ''}`;
}

function lead(status: StatusReport): Html {
  const events = eventsOf(status);
  if (events === 0) return html`Waiting since ${time(status.since)} UTC. That nothing is found means only that there is no data.`;
  const last = Math.max(...status.sources.map((source) => source.lastEvent));
  const { total, human, platform } = status.identities;
  return html`<strong>${plural(events, 'event')}</strong> of <strong>${plural(total, 'identity', 'identities')}</strong>, of which ${number(total - human - platform)}
are judged and ${number(human + platform)} only counted (people, platforms). The last event happened ${time(last)} UTC (${ago(last, status.now)}). ${shortcomings(status.coverage)}`;
}

function attention(status: StatusReport): Html {
  const silent = status.sources.filter((source) => source.silent);
  const { problems } = status.inventory;
  return html`<ul class="needs">
${status.demo && html`<li><span class="badge info">demo</span> Sample logs and traffic made for this demo. The README says how to point Remit at your own logs.</li>`}
${!status.ready && html`<li><span class="badge warning">restoring</span> State is being restored; the numbers on this page are not complete yet.</li>`}
${silent.length > 0 && html`<li><span class="badge warning">silent</span> ${plural(silent.length, 'source is', 'sources are')} silent:
${silent.map((source, i) => html`${i > 0 && ', '}<strong>${shown(source.source, 64)}</strong> (last event ${ago(source.lastEvent, status.now)})`)}. What does not arrive cannot be judged.</li>`}
${problemList(problems.filter(({ severity }) => severity === 'error'), (n) => html`<li><span class="badge critical">inventory</span> ${plural(n, 'error')}; the last good version stays in force.`)}
${problemList(problems.filter(({ severity }) => severity === 'warning'), (n) => html`<li><span class="badge warning">inventory</span> ${plural(n, 'warning')} to look at.`)}</ul>`;
}

function problemList(problems: readonly Problem[], says: (count: number) => Html): Html | false {
  return problems.length > 0 && html`${says(problems.length)}
<ul>${problems.slice(0, MOST_PROBLEMS).map((each) => html`<li><code>${shown(each.file, 200)}:${each.line}:${each.column}</code> ${shown(each.message, 400)}${each.hint !== undefined && html` – ${shown(each.hint, 400)}`}</li>`)}
${problems.length > MOST_PROBLEMS && html`<li>and ${number(problems.length - MOST_PROBLEMS)} more; <code>remit check-config</code> lists them all</li>`}</ul></li>`;
}

function facts(status: StatusReport): Html {
  const { identities, sources: feeds } = status;
  return html`<dl class="facts">
<div><dt>Open findings</dt><dd class="big">${number(status.findings.open)}</dd><dd class="small soft">${number(status.findings.total)} in all</dd></div>
<div><dt>Identities</dt><dd class="big">${number(identities.total)}</dd><dd class="small soft">${number(identities.machine)} machine · ${number(identities.unknown)} unknown · ${number(identities.human)} human · ${number(identities.platform)} platform</dd></div>
<div><dt>Events</dt><dd class="big">${number(eventsOf(status))}</dd><dd class="small soft">from ${plural(feeds.length, 'source')}</dd></div>
<div><dt>Inventory records</dt><dd class="big">${number(status.inventory.records)}</dd><dd class="small soft">${plural(status.inventory.owners, 'owner')}</dd></div>
</dl>`;
}

function openFindings({ status, open, detector }: StatusView): Html {
  const rows = open.items;
  if (rows.length === 0) {
    return html`<h2>Open findings</h2><div class="note plain"><p>${eventsOf(status) === 0 ? 'Nothing has been seen.' : 'Nothing that was seen leaves its remit or its habits.'} ${status.findings.total > 0
      && html`${plural(status.findings.total, 'finding')} of the past: <a href="/findings">all findings</a>.`}</p></div>`;
  }
  const episodes = episodeRows(rows);
  const critical = episodes.filter(({ finding }) => finding.severity === 'critical').slice(0, MOST_CRITICAL);
  const others = episodes.filter(({ finding }) => finding.severity !== 'critical');
  const listed = [...critical, ...others.slice(0, Math.max(0, MOST_SHOWN - critical.length))];
  const shownFindings = listed.reduce((sum, row) => sum + 1 + row.others.length, 0);
  return html`<h2 id="open">Open findings</h2>
<div class="scroll">${findingRows(listed, detector, status.now, 'Most severe first, then the latest. Times are UTC, of the events.')}</div>
${open.total > shownFindings && html`<p><a href="/findings?state=open&state=acknowledged">All ${number(open.total)} open findings</a></p>`}`;
}

function sources({ status, host }: StatusView): Html {
  if (status.sources.length === 0) {
    return html`<h2>Sources</h2><p>No source has sent anything. Send a file to try:</p>
<pre>curl --data-binary @audit.log http://${host}/ingest</pre>`;
  }
  return html`<h2>Sources</h2><div class="scroll"><table><caption>Who sends, and when each was last heard</caption>
<thead><tr><th scope="col">Source</th><th scope="col" class="n">Events</th><th scope="col">Last event</th><th scope="col">State</th></tr></thead><tbody>
${status.sources.map((source) => html`<tr><th scope="row">${shown(source.source, 64)}</th><td class="n">${number(source.events)}</td>
<td>${time(source.lastEvent)}<p class="small soft">received ${ago(source.lastReceive, status.now)}</p></td>
<td>${source.silent ? html`<span class="badge warning">silent</span>` : html`<span class="badge good">heard</span>`}</td></tr>`)}
</tbody></table></div>`;
}

function rejected(status: StatusReport): Html {
  const rows = status.rejected.filter((each) => each.value > 0).sort((a, b) => b.value - a.value);
  if (rows.length === 0) return html`<h2>Rejected records</h2><p class="soft">None since the start.</p>`;
  return html`<h2>Rejected records</h2><div class="scroll"><table><caption>Refused at the door since the start, by reason</caption>
<thead><tr><th scope="col">Source</th><th scope="col">Reason</th><th scope="col" class="n">Records</th></tr></thead><tbody>
${rows.slice(0, 40).map((row) => html`<tr><td>${shown(row.source, 64)}</td><td>${shown(words(row.reason), 64)}</td><td class="n">${number(row.value)}</td></tr>`)}
</tbody></table></div>`;
}

function inventory({ inventory: known }: StatusReport): Html {
  if (known.records === 0) {
    return html`<h2>Inventory</h2><p>It is empty: no record says what an identity is for, so nothing can page. <code>remit learn</code> proposes records from what was seen.</p>`;
  }
  return html`<h2>Inventory</h2><p>${plural(known.records, 'record')} of ${plural(known.owners, 'owner')}, ${known.problems.length === 0 ? 'without problems' : `with ${plural(known.problems.length, 'problem')}`}.
<span class="soft small">Revision ${shown(known.revision, 12)}</span></p>`;
}

function topIdentities({ identities, status }: StatusView): Html {
  const top = identities.items.toSorted((a, b) => b.open_findings - a.open_findings || b.events - a.events || (a.urn < b.urn ? -1 : 1)).slice(0, 12);
  if (top.length === 0) return html``;
  return html`<h2>Identities</h2><div class="scroll">${identityTable(top, status.now, 'With open findings first, then the busiest')}</div>
${identities.total > top.length && html`<p><a href="/identities">All ${number(identities.total)} identities</a></p>`}`;
}

function elsewhere(status: StatusReport): Html {
  const lag = status.store.position - status.store.applied;
  return html`<h2>Service</h2>
<p class="soft">Remit ${shown(status.version, 40)}, running since ${time(status.since)} UTC. Journal ${bytes(status.store.journalBytes)}, state ${bytes(status.store.stateBytes)},
${lag > 0 ? `${plural(lag, 'entry', 'entries')} waiting to be applied` : 'everything applied'}.</p>
<p><a href="/metrics">Metrics for Prometheus</a> · <a href="${href('/api/v1/findings', { state: 'open' })}">open findings as JSON</a> · <a href="/api/v1/identities">identities as JSON</a> · <a href="/findings">findings, closed ones too</a></p>`;
}
