/** Width of a value in the text: the longest number JavaScript writes, so that nothing is ever rounded. */
export const WIDTH = 24;

const ZERO = 0x30;
const MINUS = 0x2d;

/** Writes a finite number as exactly 24 characters, padded with leading zeros: `-00…012.5`. */
export function putNumber(bytes: Uint8Array, at: number, value: number): void {
  const negative = value < 0;
  const end = at + WIDTH;
  let cursor = end;
  const size = negative ? -value : value;
  if (Number.isSafeInteger(size)) {
    let rest = size;
    while (rest >= 10) {
      const next = Math.floor(rest / 10);
      bytes[--cursor] = ZERO + (rest - next * 10);
      rest = next;
    }
    bytes[--cursor] = ZERO + rest;
  } else {
    const text = shortest(size);
    for (let i = text.length - 1; i >= 0; i--) bytes[--cursor] = text.charCodeAt(i);
  }
  while (cursor > at) bytes[--cursor] = ZERO;
  if (negative) bytes[at] = MINUS;
}

/** A number as Prometheus reads it, unpadded. */
export function numberText(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
}

/** At most 23 characters, so that a sign fits before them. */
function shortest(size: number): string {
  const text = String(size);
  return text.length < WIDTH ? text : size.toExponential();
}
