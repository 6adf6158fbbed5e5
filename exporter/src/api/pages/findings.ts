import { FINDING_STATES, SEVERITIES } from '@remit/contract';
import type { Finding, FindingsFilter, Page } from '@remit/contract';
import { titleOf } from '../../lib/alert-text.ts';
import type { Html} from '../../lib/html.ts';
import { href, html, shown } from '../../lib/html.ts';
import type { DetectorCard } from '../api.ts';
import { episodesOf } from '../episodes.ts';
import type { PageContent } from './layout.ts';
import { ago, number, plural, severityBadge, stateBadge, time, who } from './phrases.ts';

type Cards = (id: string) => DetectorCard | null;

/** Findings of a filter, closed ones too: where the link in an alert leads. */
export function findingsPage(page: Page<Finding>, filter: FindingsFilter, detector: Cards, now: number): PageContent {
  const active = page.items.filter(isActive).length;
  const title = page.total === 0 ? 'No finding matches' : plural(page.total, 'finding');
  return {
    title, here: 'findings',
    body: html`<h1>${title}${page.total > 0 && page.cursor === null && html` <span class="soft">(${number(active)} open)</span>`}</h1>
${filterForm(filter)}
${page.items.length === 0
    ? html`<div class="note plain"><p>Nothing was found for this filter. Closed findings would be shown too. <a href="/findings">Show all findings</a> or <a href="/">the status page</a>.</p></div>`
    : html`<div class="scroll">${findingRows(episodeRows(page.items), detector, now, 'Open ones first, then by severity and time. Times are UTC, of the events.')}</div>`}
${page.cursor !== null && html`<p><a href="${nextPage(filter, page.cursor)}">Next page</a></p>`}`,
  };
}

/** Table of findings: what, about whom, for whom, when. Those of one episode are one row: the most urgent, and the others behind it. */
export function findingRows(rows: readonly EpisodeRow[], detector: Cards, now: number, caption: string): Html {
  return html`<table class="stack"><caption>${caption}</caption>
<thead><tr><th scope="col">Severity</th><th scope="col">Finding</th><th scope="col">Identity and owner</th><th scope="col">Last event</th></tr></thead><tbody>
${rows.map(({ finding, others }) => html`<tr>
<td>${severityBadge(finding.severity)}${finding.state !== 'open' && html`<p>${stateBadge(finding.state)}</p>`}</td>
<th scope="row"><a class="what" href="/findings/${finding.id}">${shown(titleOf(detector(finding.detector), finding), 120)}</a>
<p class="reason">${shown(finding.reason, 300)}</p>${others.length > 0 && html`<details class="small"><summary>${plural(others.length, 'more finding')} of this episode</summary><ul>
${others.slice(0, LISTED).map((each) => html`<li><a href="/findings/${each.id}">${shown(each.subject, 80)}</a>, ${time(each.first)}${!isActive(each) && html`, ${each.state}`}</li>`)}
${others.length > LISTED && html`<li>and ${number(others.length - LISTED)} more</li>`}</ul></details>`}</th>
<td>${who(finding.identity)}<p class="small soft">${owner(finding.owner)}</p></td>
<td class="t">${time(finding.last)}<p class="small soft">${ago(finding.last, now)} · ${plural(finding.count, 'event')}</p></td></tr>`)}
</tbody></table>`;
}

const LISTED = 20;

/** An episode: its most urgent finding, and the others. */
export interface EpisodeRow { finding: Finding; others: Finding[] }

/** Each episode among these findings, in order of urgency. */
export function episodeRows(findings: readonly Finding[]): EpisodeRow[] {
  const rows = new Map<string, EpisodeRow>();
  const episode = new Map(episodesOf(findings, Infinity).flatMap(({ id, ids }) => ids.map((each) => [each, id] as const)));
  for (const finding of findings.toSorted(byUrgency)) {
    const id = episode.get(finding.id)!;
    const row = rows.get(id);
    if (row) row.others.push(finding);
    else rows.set(id, { finding, others: [] });
  }
  return [...rows.values()];
}

/** The owner's team, or that there is none. */
export function owner(team: string | null): Html {
  return team === null ? html`no owner` : html`owner ${shown(team, 64)}`;
}

/** Order of findings: open ones, then the most severe, then the latest. */
function byUrgency(a: Finding, b: Finding): number {
  return Number(isActive(b)) - Number(isActive(a)) || SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) || b.last - a.last || (a.id < b.id ? -1 : 1);
}

const isActive = (finding: Finding): boolean => finding.state === 'open' || finding.state === 'acknowledged';

function filterForm(filter: FindingsFilter): Html {
  const select = (name: 'state' | 'severity', choices: readonly string[]): Html => html`<label>${name}
<select name="${name}"><option value="">any</option>${choices.map((each) => (filter[name]?.[0] === each
    ? html`<option selected>${each}</option>` : html`<option>${each}</option>`))}</select></label>`;
  return html`<form class="filter" action="/findings" method="get" role="search">
<label>identity<input name="identity" value="${filter.identity?.[0]?.slice(0, 512)}" autocomplete="off" spellcheck="false"></label>
<label>detector<input name="detector" value="${filter.detector?.[0]}" autocomplete="off" spellcheck="false"></label>
${select('state', FINDING_STATES)}${select('severity', SEVERITIES)}<button>Show</button></form>`;
}

function nextPage(filter: FindingsFilter, cursor: string): string {
  const pairs: [string, string][] = [];
  for (const [key, value] of Object.entries(filter)) {
    if (key === 'cursor' || value === undefined) continue;
    for (const each of Array.isArray(value) ? value : [value]) pairs.push([key, String(each)]);
  }
  return `${href('/findings')}?${new URLSearchParams([...pairs, ['cursor', cursor]]).toString()}`;
}
