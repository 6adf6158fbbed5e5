import type { Cells, Claim, ClaimSums, Habit, HabitText, HourContext, HourSums } from '@remit/contract';
import { countSurprise } from '../../lib/tails.ts';
import { percent } from './rhythm.ts';

/** Events of peers that a rate starts from. */
const PEER_EVENTS = 30;
const MEMORY = 4_000;

/** Failed or refused events, given how many there were at all: a negative binomial around the learned rate, shrunk to the peers'. */
export class Errors implements Habit {
  readonly id = 'errors';
  readonly version = 1;
  readonly channel = 'volume' as const;
  #failed = 0; #events = 0; #over = 0; #under = 0; #peerFailed = 0; #peerEvents = 0;

  claim(cells: Claim, sums: ClaimSums): void {
    this.#failed = cells.f32(1);
    this.#events = cells.f32(1);
    this.#over = cells.f32(1);
    this.#under = cells.f32(1);
    this.#peerFailed = sums.sums(1);
    this.#peerEvents = sums.sums(1);
  }

  raw(cells: Cells, sums: HourSums, context: HourContext): number {
    if (sums.failed === 0) return 0;
    return countSurprise(sums.failed, sums.events * this.#rate(cells, context), this.#spread(cells));
  }

  #rate(cells: Cells, context: HourContext): number {
    const { peers } = context;
    const events = peers.sum(this.#peerEvents, this.#peerEvents, 500);
    const prior = events > 0 ? (peers.sum(this.#peerFailed, this.#peerEvents, 500) + 1) / (events + 20) : 0.03;
    return (cells.f32[cells.word + this.#failed]! + PEER_EVENTS * prior) / (cells.f32[cells.word + this.#events]! + PEER_EVENTS);
  }

  #spread(cells: Cells): number {
    const under = cells.f32[cells.word + this.#under]!;
    return Math.max(0.05, (cells.f32[cells.word + this.#over]! + 4) / (under + 4));
  }

  learn(cells: Cells, sums: HourSums, context: HourContext): void {
    const { word } = cells;
    const mean = sums.events * this.#rate(cells, context);
    const spread = this.#spread(cells);
    const failed = Math.min(sums.failed, mean + 4 * Math.sqrt(mean + spread * mean * mean) + 1);
    const events = cells.f32[word + this.#events]!;
    const weight = Math.min(sums.events, 200) / sums.events;
    const keep = events > MEMORY ? MEMORY / events : 1;
    cells.f32[word + this.#failed] = cells.f32[word + this.#failed]! * keep + failed * weight;
    cells.f32[word + this.#events] = events * keep + sums.events * weight;
    const fade = 1 - 1 / 500;
    cells.f32[word + this.#over] = Math.max(0, cells.f32[word + this.#over]! * fade + Math.max(-mean, (failed - mean) ** 2 - mean));
    cells.f32[word + this.#under] = cells.f32[word + this.#under]! * fade + mean * mean;
    context.peers.add(this.#peerFailed, Math.round(failed * weight));
    context.peers.add(this.#peerEvents, Math.round(sums.events * weight));
  }

  tell(cells: Cells, sums: HourSums, context: HourContext): { observed: number; expected: number; text: HabitText } {
    const rate = this.#rate(cells, context);
    return {
      observed: sums.failed, expected: rate * sums.events,
      text: { expected: `${percent(rate)} of its events fail or are refused`, observed: `${sums.failed} of ${sums.events} failed or were refused (${sums.denied} refused)` },
    };
  }
}
