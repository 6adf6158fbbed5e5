import type { Cells, Claim, Habit, HabitText, HourContext, HourSums } from '@remit/contract';

/** Hours of silence below which waking is nothing. */
const LEAST = 72;

/** Waking after a silence that is more than twice the longest one seen: 1 in as many hours as it lasted. */
export class Gap implements Habit {
  readonly id = 'gap';
  readonly version = 1;
  readonly channel = 'dormancy' as const;

  claim(_cells: Claim): void { /* The longest pause is in the row's common part. */ }

  raw(_cells: Cells, _sums: HourSums, { since, longest, active }: HourContext): number {
    const gap = since - 1;
    return active >= 1 && gap >= LEAST && gap > 2 * longest ? Math.log10(gap + 1) : 0;
  }

  learn(): void { /* Nothing of its own. */ }

  tell(_cells: Cells, _sums: HourSums, { since, longest }: HourContext): { observed: number; expected: number; text: HabitText } {
    return { observed: since - 1, expected: longest, text: { expected: `pauses of at most ${longest} h`, observed: `active again after ${since - 1} h of silence` } };
  }
}
