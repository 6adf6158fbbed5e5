import type { Cells, Claim, ClaimSums, Habit, HabitText, HourContext, HourSums } from '@remit/contract';
import { incompleteBeta } from '../../lib/beta.ts';
import type { Counts } from './counts.ts';
import { percent, type Rhythm } from './rhythm.ts';

/** Events of peers that a share starts from, and those it remembers. */
const PEER_EVENTS = 20;
const MEMORY = 3_000;
/** How alike events of one hour are: n of them say as much as n / (1 + (n − 1)·ALIKE) that know nothing of each other. */
const ALIKE = 0.05;
/** A chance of so few events that is worth telling. */
const FEW = 0.1;

/**
 * Sensitive and privileged events among all of the hour, at that hour: the chance that it is active at all, times that of so few events,
 * times a binomial tail around the learned share, of fewer events than there were, since they come in runs. A stream that is due then,
 * such as a weekly rotation, is no surprise by its share. Somebody else's few glances are neither a late run nor one by hand.
 */
export class Share implements Habit {
  readonly id = 'sensitive-share';
  readonly version = 2;
  readonly channel = 'sensitive' as const;
  #part = 0; #events = 0; #peerPart = 0; #peerEvents = 0;

  readonly #streams: readonly { rhythm: Rhythm; count: (sums: HourSums) => number }[];

  readonly #when: Rhythm;
  readonly #volume: Counts;

  /** `when`, `volume`: of the identity as a whole; `streams`: where one of them is due, its events are no surprise by their share. */
  constructor(when: Rhythm, volume: Counts, streams: readonly { rhythm: Rhythm; count: (sums: HourSums) => number }[]) {
    this.#when = when;
    this.#volume = volume;
    this.#streams = streams;
  }

  claim(cells: Claim, sums: ClaimSums): void {
    this.#part = cells.f32(1);
    this.#events = cells.f32(1);
    this.#peerPart = sums.sums(1);
    this.#peerEvents = sums.sums(1);
  }

  raw(cells: Cells, sums: HourSums, context: HourContext): number {
    const part = sums.privileged + sums.sensitive;
    if (part === 0) return 0;
    const size = 1 + (sums.events - 1) * ALIKE;
    const all = sums.events / size;
    const own = part / size;
    let due = 1;
    for (const { rhythm, count } of this.#streams) if (count(sums) > 0) due = Math.min(due, rhythm.due(cells, context, this.#when));
    const tail = incompleteBeta(this.#share(cells, context), own, all - own + 1);
    const odd = tail * this.#volume.few(cells, sums, context);
    return Math.max(0, -Math.log10(Math.max(odd, due, 1e-300) * this.#when.chance(cells, context)));
  }

  #share(cells: Cells, context: HourContext): number {
    const { peers } = context;
    const events = peers.sum(this.#peerEvents, this.#peerEvents, 500);
    const prior = events > 0 ? (peers.sum(this.#peerPart, this.#peerEvents, 500) + 1) / (events + 20) : 0.05;
    return Math.min(0.999, (cells.f32[cells.word + this.#part]! + PEER_EVENTS * prior) / (cells.f32[cells.word + this.#events]! + PEER_EVENTS));
  }

  learn(cells: Cells, sums: HourSums, context: HourContext): void {
    const { word } = cells;
    const weight = Math.min(sums.events, 50) / sums.events;
    const events = cells.f32[word + this.#events]!;
    const keep = events > MEMORY ? MEMORY / events : 1;
    const part = (sums.privileged + sums.sensitive) * weight;
    cells.f32[word + this.#part] = cells.f32[word + this.#part]! * keep + part;
    cells.f32[word + this.#events] = events * keep + sums.events * weight;
    context.peers.add(this.#peerPart, Math.round(part));
    context.peers.add(this.#peerEvents, Math.round(sums.events * weight));
  }

  tell(cells: Cells, sums: HourSums, context: HourContext): { observed: number; expected: number; text: HabitText } {
    const share = this.#share(cells, context);
    const part = sums.privileged + sums.sensitive;
    const few = this.#volume.few(cells, sums, context);
    return {
      observed: part, expected: share * sums.events,
      text: {
        expected: `${percent(share)} of its events are sensitive, and such an hour active with a chance of ${percent(this.#when.chance(cells, context))}`,
        observed: `${part} of ${sums.events} events are sensitive${few < FEW ? `, where so few events have a chance of ${percent(few)}` : ''}`,
      },
    };
  }
}
