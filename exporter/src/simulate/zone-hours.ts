import type { Millis } from '@remit/contract';
import { Zone } from '../lib/zone.ts';
import { DAY, HOUR } from './options.ts';

/** What clocks of one place show, by the UTC hour. */
export class ZoneHours {
  readonly name: string;
  readonly #zone: Zone;

  constructor(name: string) {
    this.name = name;
    this.#zone = new Zone(name);
  }

  /** Local hour of the week, 0 is Monday 00:00; the day of the month; and the days since 1970. */
  at(hour: Millis): LocalHour {
    const local = hour + this.#zone.offset(hour);
    const days = Math.floor(local / DAY);
    // 1970-01-01 was a Thursday.
    const weekday = (days + 3) % 7;
    const ofDay = Math.floor((local - days * DAY) / HOUR);
    return { ofWeek: weekday * 24 + ofDay, ofDay, weekday, days, month: new Date(local).getUTCDate() };
  }
}

export interface LocalHour { ofWeek: number; ofDay: number; weekday: number; days: number; month: number }
