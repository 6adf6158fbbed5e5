/** Hours of a week, 0 = Monday 00:00 UTC, and weeks: the epoch was a Thursday. */
export const WEEK = 168;
export const slotOf = (hour: number): number => (hour + 72) % WEEK;
export const weekOf = (hour: number): number => Math.floor((hour + 72) / WEEK);
/** Hour of the day, and whether the day is one of the weekend: 48 cells. */
export const cellOf = (slot: number): number => (slot % 24) + (slot >= 120 ? 24 : 0);

/** Set bits of a 16-bit word. */
export const ONES = Uint8Array.from({ length: 65_536 }, (_, i) => {
  let n = 0;
  for (let rest = i; rest > 0; rest &= rest - 1) n++;
  return n;
});
