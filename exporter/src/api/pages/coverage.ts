import type { Html} from '../../lib/html.ts';
import { html, shown } from '../../lib/html.ts';
import { number, words } from './phrases.ts';

type Coverage = Readonly<Record<string, number>>;

/** Table of the coverage states: how many identities can be judged, and what the others lack. States overlap. */
export function coverageTable(coverage: Coverage): Html {
  const known = Object.keys(STATES).filter((state) => Object.hasOwn(coverage, state));
  const states = [...known, ...Object.keys(coverage).filter((state) => !Object.hasOwn(STATES, state))].filter((state) => (coverage[state] ?? 0) > 0);
  if (states.length === 0) return html``;
  const judged = (coverage['inventoried'] ?? 0) + (coverage['not_inventoried'] ?? 0);
  const all = Math.max(1, judged, ...states.map((state) => coverage[state] ?? 0));
  return html`<h2>Coverage</h2><div class="scroll"><table><caption>How well identities can be judged; one may be in several states</caption>
<thead><tr><th scope="col">State</th><th scope="col" class="n">Identities</th><th scope="col">Share</th></tr></thead><tbody>
${states.map((state) => html`<tr><th scope="row">${shown(words(state), 64)}${STATES[state] && html`<p class="small soft">${STATES[state].meaning}</p>`}</th>
<td class="n">${number(coverage[state] ?? 0)}</td><td>${bar((coverage[state] ?? 0) / all)}</td></tr>`)}
</tbody></table></div>`;
}

/** A sentence about what cannot be judged in full, or nothing. */
export function shortcomings(coverage: Coverage): Html {
  const parts = Object.keys(STATES).filter((state) => STATES[state]?.lacks === true && (coverage[state] ?? 0) > 0);
  if (parts.length === 0) return html``;
  return html`Not all can be judged in full: ${parts.map((state) => `${number(coverage[state] ?? 0)} ${words(state)}`).join(', ')}.`;
}

/** `lacks`: identities in this state are not judged in full. The order is that of the table. */
const STATES: Readonly<Record<string, { lacks: boolean; meaning: string }>> = {
  inventoried: { lacks: false, meaning: 'a record says what they are for' },
  not_inventoried: { lacks: true, meaning: 'no record says what they are for; they cannot page' },
  unowned: { lacks: true, meaning: 'a record without an owner; nobody would be told' },
  proposed: { lacks: true, meaning: 'the record waits for review; it pages nobody' },
  ready: { lacks: false, meaning: 'the baseline is learned' },
  warming: { lacks: true, meaning: 'the baseline is still being learned' },
  decommissioned: { lacks: false, meaning: 'any use is a finding' },
  never_seen: { lacks: true, meaning: 'in the inventory, but no event has arrived' },
  ambiguous: { lacks: true, meaning: 'two records claim one name; check-config says where' },
  partly_seen: { lacks: true, meaning: 'in the last week, traces came sampled or calls without their agent span' },
  human: { lacks: false, meaning: 'people: counted, not judged' },
  platform: { lacks: false, meaning: 'the provider’s own: counted, not judged' },
};

function bar(share: number): Html {
  return html`<svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true"><rect width="100" height="8"/><rect class="fill" width="${Math.round(Math.max(0, Math.min(1, share)) * 100)}" height="8"/></svg>`;
}
