/**
 * Milliseconds of `2023-07-10T12:05:16Z`, NaN for anything else. A fraction is cut to milliseconds; a blank for the `T` and a
 * missing `Z`, as data lakes write them, still mean UTC; another zone is refused, and so is
 * a day that no calendar has or that lies before 1970.
 */
export function instant(value: unknown): number {
  if (typeof value !== 'string') return NaN;
  const end = value.charCodeAt(value.length - 1) === LETTER_Z ? value.length - 1 : value.length;
  if (end < 19 || end > 29) return NaN;
  const separator = value.charCodeAt(10);
  if (value.charCodeAt(4) !== DASH || value.charCodeAt(7) !== DASH || (separator !== LETTER_T && separator !== BLANK)
    || value.charCodeAt(13) !== COLON || value.charCodeAt(16) !== COLON) return NaN;
  const year = digits(value, 0, 4);
  const month = digits(value, 5, 7);
  const day = digits(value, 8, 10);
  const hour = digits(value, 11, 13);
  const minute = digits(value, 14, 16);
  const second = digits(value, 17, 19);
  if (!(year >= 1970 && month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month) && hour < 24 && minute < 60 && second < 60)) return NaN;
  let millis = 0;
  if (end > 19) {
    if (value[19] !== '.' || end === 20 || Number.isNaN(digits(value, 20, end))) return NaN;
    const places = Math.min(3, end - 20);
    millis = digits(value, 20, 20 + places) * (places === 1 ? 100 : places === 2 ? 10 : 1);
  }
  return ((daysBefore(year, month) + day - 1) * 86_400 + hour * 3600 + minute * 60 + second) * 1000 + millis;
}

const DASH = 45;
const COLON = 58;
const BLANK = 32;
const LETTER_T = 84;
const LETTER_Z = 90;

function digits(value: string, from: number, to: number): number {
  let n = 0;
  for (let i = from; i < to; i++) {
    const d = value.charCodeAt(i) - 48;
    if (d < 0 || d > 9) return NaN;
    n = n * 10 + d;
  }
  return n;
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** Days from 1970-01-01 to the first of the month, by the March-based count of leap days. */
function daysBefore(year: number, month: number): number {
  const y = month <= 2 ? year - 1 : year;
  const m = month <= 2 ? month + 9 : month - 3;
  return 365 * y + Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400) + Math.floor((153 * m + 2) / 5) - 719_468;
}
