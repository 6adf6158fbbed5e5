import type { IdentitiesFilter, IdentitySummary, Page } from '@remit/contract';
import type { Html} from '../../lib/html.ts';
import { href, html, shown } from '../../lib/html.ts';
import type { PageContent } from './layout.ts';
import { ago, number, plural, time, words } from './phrases.ts';

/** Every identity seen or inventoried, a page at a time. */
export function identitiesPage(page: Page<IdentitySummary>, filter: IdentitiesFilter, now: number): PageContent {
  const title = page.total === 0 ? 'No identity matches' : plural(page.total, 'identity', 'identities');
  const query = { limit: String(filter.limit), identity: filter.identity?.[0], owner: filter.owner?.[0], class: filter.class?.[0], kind: filter.kind?.[0], inventoried: filter.inventoried };
  return {
    title, here: 'identities',
    body: html`<h1>${title}</h1>
<p><a href="/identities">all</a> · <a href="/identities?inventoried=false">without an inventory record</a> · <a href="/identities?class=machine">machine</a> · <a href="/identities?class=unknown">unknown</a></p>
${page.items.length === 0 ? html`<div class="note plain"><p>No identity was seen or inventoried that fits.</p></div>` : html`<div class="scroll">${identityTable(page.items, now, 'Times are UTC, of the events')}</div>`}
${page.cursor !== null && html`<p><a href="${href('/identities', { ...query, cursor: page.cursor })}">Next page</a></p>`}`,
  };
}

/** Table of identities. */
export function identityTable(rows: readonly IdentitySummary[], now: number, caption: string): Html {
  return html`<table><caption>${caption}</caption>
<thead><tr><th scope="col">Identity</th><th scope="col">Owner and purpose</th><th scope="col">Class</th><th scope="col" class="n">Events</th><th scope="col">Last event</th><th scope="col" class="n">Open findings</th></tr></thead><tbody>
${rows.map((row) => html`<tr><th scope="row" class="mono">${shown(row.urn, 120)}</th>
<td>${row.inventoried ? html`${row.owner === null ? 'no owner' : shown(row.owner, 64)}${row.purpose !== null && html`<p class="small soft">${shown(row.purpose, 120)}</p>`}` : html`<span class="soft">not inventoried</span>`}
${row.shadow.length > 0 && html`<p class="small soft">its proposal would have found ${row.shadow.map((s, i) => html`${i > 0 && ', '}${number(s.count)} × ${shown(s.detector, 64)}`)}</p>`}</td>
<td>${row.class}<p class="small"><a href="${href('/coverage', { identity: row.urn })}">what can be judged</a></p><p class="small soft">${words(row.kind)}${row.lifecycle !== 'active' && row.lifecycle !== 'unknown' && html` · ${shown(row.lifecycle, 32)}`}</p></td>
<td class="n">${number(row.events)}</td><td class="t">${time(row.last)}<p class="small soft">${ago(row.last, now)}</p></td>
<td class="n">${row.open_findings > 0 ? html`<a href="${href('/findings', { identity: row.urn })}">${number(row.open_findings)}</a>` : '0'}</td></tr>`)}
</tbody></table>`;
}
