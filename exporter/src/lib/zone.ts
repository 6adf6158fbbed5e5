import type { Millis } from '@remit/contract';

const DAY: Millis = 86_400_000;
const REACH: Millis = 26 * 3_600_000;
const DAYS_KEPT = 4096;

/** A time zone of the tz database, or a fixed offset such as `+02:00`. Throws a RangeError when there is no such zone. */
export class Zone {
  readonly name: string;
  readonly #format: Intl.DateTimeFormat | null;
  readonly #days = new Map<number, Millis>();

  constructor(name: string) {
    this.name = name;
    const format = new Intl.DateTimeFormat('en-US', {
      timeZone: name, calendar: 'gregory', numberingSystem: 'latn', hourCycle: 'h23',
      year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric',
    });
    this.#format = format.resolvedOptions().timeZone === 'UTC' ? null : format;
  }

  /** What local time is ahead of UTC at an instant; negative west of Greenwich. */
  offset(at: Millis): Millis {
    if (this.#format === null) return 0;
    const day = Math.floor(at / DAY);
    const opening = this.#opening(day);
    return opening === this.#opening(day + 1) ? opening : this.#read(at);
  }

  /**
   * The instants at which clocks show `wall` (a local time, written as if it were UTC), in order: one, two where it is
   * repeated in autumn, and where it is missing in spring the first instant after the gap.
   */
  instants(wall: Millis): Millis[] {
    const before = this.offset(wall - REACH);
    const after = this.offset(wall + REACH);
    if (before === after) return [wall - before];
    const found: Millis[] = [];
    for (const offset of before > after ? [before, after] : [after, before]) {
      if (this.offset(wall - offset) === offset) found.push(wall - offset);
    }
    return found.length > 0 ? found : [this.#change(wall - REACH, wall + REACH)];
  }

  /** First instant in (from, to] with another offset than `from` has. */
  #change(from: Millis, to: Millis): Millis {
    const old = this.offset(from);
    let low = from;
    let high = to;
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (this.offset(middle) === old) low = middle;
      else high = middle;
    }
    return high;
  }

  #opening(day: number): Millis {
    const known = this.#days.get(day);
    if (known !== undefined) return known;
    if (this.#days.size >= DAYS_KEPT) this.#days.clear();
    const offset = this.#read(day * DAY);
    this.#days.set(day, offset);
    return offset;
  }

  #read(at: Millis): Millis {
    const second = Math.floor(at / 1000) * 1000;
    const field: Record<string, number> = {};
    for (const { type, value } of this.#format!.formatToParts(second)) field[type] = Number(value);
    return Date.UTC(field['year']!, field['month']! - 1, field['day'], field['hour'], field['minute'], field['second']) - second;
  }
}
