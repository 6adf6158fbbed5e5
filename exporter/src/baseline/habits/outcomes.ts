import { VIOLATIONS as ALL, type Cells, type Claim, type ClaimSums, type Habit, type HabitText, type HourContext, type HourSums, type Violation } from '@remit/contract';
import { percent } from './rhythm.ts';

/** Ways that have a rate. An excess goes on for its whole period and pages by itself: no hour of it says anything new. */
const VIOLATIONS = ALL.filter((way): way is Way => way !== 'export');
type Way = Exclude<Violation, 'export'>;
/** Active hours of peers that a rate starts from. */
const PEER_HOURS = 20;
/** Violating hours a day and identity that teach the peers: one sloppy record must not excuse everybody's. */
const MOST_A_DAY = 2;
/** Weight of a second way of leaving the remit in the same hour: they seldom are independent. */
const SECOND = 0.5;

/**
 * What the remit said of the hour, weighed by how often conforming identities are said the same of: a rate per way, shrunk to
 * the peers'. A sloppy record damps itself, although nobody answers its tickets; a violation that nobody's record ever sees is rare.
 */
export class Outcomes implements Habit {
  readonly id = 'remit';
  readonly version = 2;
  readonly channel = 'remit' as const;
  #rates = 0; #hours = 0; #day = 0; #today = 0; #peerHours = 0; #peers = 0;

  claim(cells: Claim, sums: ClaimSums): void {
    this.#rates = cells.f32(VIOLATIONS.length);
    this.#hours = cells.f32(1);
    this.#day = cells.u16(1);
    this.#today = cells.u16(1);
    this.#peerHours = sums.sums(1);
    this.#peers = sums.sums(VIOLATIONS.length);
  }

  raw(cells: Cells, _sums: HourSums, context: HourContext): number {
    if (context.facts.violations === null) return 0;
    let strongest = 0;
    let rest = 0;
    for (let v = 0; v < VIOLATIONS.length; v++) {
      if (!(context.facts.violations[VIOLATIONS[v]!]! > 0)) continue;
      const surprise = -Math.log10(this.#rate(cells, context, v));
      rest += Math.min(strongest, surprise);
      strongest = Math.max(strongest, surprise);
    }
    return strongest + SECOND * rest;
  }

  #rate(cells: Cells, context: HourContext, v: number): number {
    const { peers } = context;
    const hours = peers.sum(this.#peerHours, this.#peerHours, 2_000);
    const prior = hours > 0 ? (peers.sum(this.#peers + v, this.#peerHours, 2_000) + 0.5) / (hours + 1) : 0.01;
    return Math.min(1, (cells.f32[cells.word + this.#rates + v]! + PEER_HOURS * prior) / (cells.f32[cells.word + this.#hours]! + PEER_HOURS));
  }

  learn(cells: Cells, _sums: HourSums, context: HourContext): void {
    const { word, half } = cells;
    for (let v = 0; v < VIOLATIONS.length; v++) cells.f32[word + this.#rates + v]! *= context.decay;
    cells.f32[word + this.#hours]! *= context.decay;
    if (!context.facts.declared) return;
    cells.f32[word + this.#hours]! += 1;
    context.peers.add(this.#peerHours, 1);
    if (context.facts.violations === null) return;
    const day = Math.floor(context.hour / 24) & 0xffff;
    if (cells.u16[half + this.#day] !== day) {
      cells.u16[half + this.#day] = day;
      cells.u16[half + this.#today] = 0;
    }
    let any = false;
    for (let v = 0; v < VIOLATIONS.length; v++) {
      if (!(context.facts.violations[VIOLATIONS[v]!]! > 0)) continue;
      any = true;
      cells.f32[word + this.#rates + v]! += 1;
      if (cells.u16[half + this.#today]! < MOST_A_DAY) context.peers.add(this.#peers + v, 1);
    }
    if (any) cells.u16[half + this.#today]!++;
  }

  /** Its own rate only: what nobody has judged yet tells nothing of peers. */
  wait(cells: Cells, _sums: HourSums, context: HourContext, by: 1 | -1): void {
    if (!context.facts.declared || context.facts.violations === null) return;
    const { word } = cells;
    cells.f32[word + this.#hours] = Math.max(0, cells.f32[word + this.#hours]! + by);
    for (let v = 0; v < VIOLATIONS.length; v++) {
      if (context.facts.violations[VIOLATIONS[v]!]! > 0) cells.f32[word + this.#rates + v] = Math.max(0, cells.f32[word + this.#rates + v]! + by);
    }
  }

  tell(cells: Cells, _sums: HourSums, context: HourContext): { observed: number; expected: number; text: HabitText } {
    const said = VIOLATIONS.map((id, v) => ({ id, v })).filter(({ id }) => context.facts.violations !== null && context.facts.violations[id]! > 0);
    const worst = said.map(({ id, v }) => ({ id, rate: this.#rate(cells, context, v) })).sort((a, b) => a.rate - b.rate)[0];
    const count = said.reduce((n, { id }) => n + (context.facts.violations![id] ?? 0), 0);
    return {
      observed: count, expected: worst?.rate ?? 0,
      text: {
        expected: worst === undefined ? 'to stay within the remit' : `to stay within the remit; ${WORDS[worst.id]} in ${percent(worst.rate)} of declared hours`,
        observed: said.length === 0 ? 'nothing outside the remit' : `${said.map(({ id }) => WORDS[id]).join(', ')}: ${count} events`,
      },
    };
  }
}

const WORDS: Record<Way, string> = {
  schedule: 'outside its schedule', rotation: 'credentials outside their rotation', sequence: 'tools out of order', lifecycle: 'active after its end',
  purpose: 'actions outside its purpose', privilege: 'privileges not granted', environment: 'outside its environments',
};
