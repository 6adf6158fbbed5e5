import type { CoverageState, DetectorCoverage, IdentityCoverage } from '@remit/contract';
import { COVERAGE_STATES } from '@remit/contract';
import type { Html} from '../../lib/html.ts';
import { href, html, shown } from '../../lib/html.ts';
import type { DetectorCard } from '../api.ts';
import type { PageContent } from './layout.ts';
import { number, plural, who, words } from './phrases.ts';

/** What can be judged of one identity, and what cannot, and why. */
export function judgedPage(coverage: IdentityCoverage, detector: (id: string) => DetectorCard | null): PageContent {
  const { counts, sources } = coverage;
  const all = counts.judged + counts.partly + counts.not_judged;
  const order = coverage.detectors.toSorted((a, b) => COVERAGE_STATES.indexOf(b.state) - COVERAGE_STATES.indexOf(a.state) || (a.detector < b.detector ? -1 : 1));
  return {
    title: `Judged by ${counts.judged} of ${all} detectors`, here: 'identities',
    body: html`<h1>${who(coverage.identity)}</h1>
<p class="lead"><strong>${number(counts.judged)} of ${plural(all, 'detector')}</strong> can judge it${counts.partly > 0 && html`, ${number(counts.partly)} in part`}.
${sources.length === 0 ? 'No source has brought an event of it.' : html`Heard through ${sources.map(({ source, silent }, i) => html`${i > 0 && ', '}${shown(source, 64)}${silent && ' (silent)'}`)}.`}</p>
<p>${coverage.record === null ? 'It has no record in the inventory' : html`Its record is <code>${shown(coverage.record, 200)}</code>`}; ${coverage.may_page_text}.
<a href="${href('/findings', { identity: coverage.identity })}">Its findings</a></p>
<div class="scroll"><table><caption>What each detector can say of it; the least first</caption>
<thead><tr><th scope="col">Detector</th><th scope="col">Judged</th><th scope="col">Why not, or not wholly</th></tr></thead><tbody>
${order.map((one) => html`<tr><th scope="row"><a href="/runbooks/${one.detector}">${shown(detector(one.detector)?.title ?? one.detector, 120)}</a><p class="small soft">${shown(one.detector, 64)}</p></th>
<td><span class="badge ${BADGES[one.state]}">${words(one.state)}</span></td><td>${reasonsOf(one)}</td></tr>`)}
</tbody></table></div>`,
  };
}

const BADGES: Readonly<Record<CoverageState, string>> = { judged: 'good', partly: 'info', not_judged: 'warning' };

/** Reasons that hold for every source once, the others with the source that they are of. */
function reasonsOf({ reasons, sources }: DetectorCoverage): Html {
  const general = new Set(reasons.map(({ code }) => code));
  const own = sources.flatMap(({ reasons: each }) => each.filter(({ code }) => !general.has(code)));
  const lines = [...reasons, ...own].map(({ text }) => text);
  return lines.length === 0 ? html`` : html`${[...new Set(lines)].map((text, i) => html`${i > 0 && '; '}${shown(text, 300)}`)}`;
}
