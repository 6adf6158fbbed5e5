import { Zone } from '../../lib/zone.ts';

const HOUR = 3_600_000;
/** Places with clocks of their own rule: what lives by local time moves in UTC when theirs do. */
const PLACES = ['Europe/Berlin', 'America/New_York', 'Australia/Sydney', 'America/Santiago'].map((name) => new Zone(name));
/** Hours for which a change explains work an hour off: then the new hours have a past of their own. */
const EXPLAINS = 3 * 168;

let day = NaN;
let later = false;
let earlier = false;

/**
 * Whether work that keeps to local clocks may have moved in UTC of late: to `later` hours (clocks were put back within the last
 * three weeks somewhere) or to `earlier` ones (put forward). `hour`: hours since the epoch.
 */
export function clocksMoved(hour: number): { later: boolean; earlier: boolean } {
  const today = Math.floor(hour / 24);
  if (today !== day) {
    day = today;
    later = earlier = false;
    for (const place of PLACES) {
      const moved = place.offset((today * 24 + 23) * HOUR) - place.offset((today * 24 + 23 - EXPLAINS) * HOUR);
      if (moved < 0) later = true;
      else if (moved > 0) earlier = true;
    }
  }
  return later || earlier ? { later, earlier } : STILL;
}

/** No clocks have moved. */
export const STILL = { later: false, earlier: false };
