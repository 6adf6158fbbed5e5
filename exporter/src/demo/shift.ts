import { isMap, isScalar, isSeq, parseDocument, type Node } from 'yaml';
import type { Millis } from '@remit/contract';

/** How a story told of one time becomes a story of another. */
export interface Shift {
  /** The time the story is written for. */
  at: Millis;
  /** Whole seconds that every time moves; negative is into the past. */
  seconds: number;
}

/** Numbers and texts of digits are a time only when they lie this close to the story's. */
const NEAR: Millis = 400 * 86_400_000;
/** Units of a time without a zone, per second: seconds, milliseconds, microseconds, nanoseconds. */
const UNITS = [1n, 1_000n, 1_000_000n, 1_000_000_000n];
const INSTANT = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/** Moves a story from the time it is written for to another, to the second. */
export function shiftTo(at: Millis, now: Millis): Shift {
  return { at, seconds: Math.floor((now - at) / 1000) };
}

/** A record with all its times moved. What is no time within 400 days of the story stays. */
export function shiftRecord(value: unknown, shift: Shift): unknown {
  if (typeof value === 'string') return movedText(value, shift);
  if (typeof value === 'number') return Number.isSafeInteger(value) ? Number(movedCount(BigInt(value), shift)) : value;
  if (Array.isArray(value)) return value.map((item) => shiftRecord(item, shift));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, held]) => [name, shiftRecord(held, shift)]));
}

/**
 * An inventory file with all its times moved. Windows move as well, by whole minutes, so they must be of the form
 * `M H * * *` in UTC. Throws an error that names another cron expression.
 */
export function shiftInventory(text: string, shift: Shift): string {
  const document = parseDocument(text);
  visit(document.contents, '', shift);
  return document.toString({ lineWidth: 0 });
}

function visit(node: unknown, key: string, shift: Shift): void {
  if (isMap<Node, Node>(node)) for (const { key: name, value } of node.items) visit(value, String(name), shift);
  else if (isSeq(node)) for (const item of node.items) visit(item, key, shift);
  else if (isScalar(node) && typeof node.value === 'string') node.value = key === 'cron' ? movedCron(node.value, shift) : movedText(node.value, shift);
}

function movedText(text: string, shift: Shift): string {
  const [, time, fraction = '', zone] = INSTANT.exec(text) ?? [];
  if (time === undefined) return /^\d{10,19}$/.test(text) ? String(movedCount(BigInt(text), shift)) : text;
  // The same zone, so the text is read and written as if it were UTC; the fraction, however fine, is untouched by whole seconds.
  return Math.abs(Date.parse(`${time}Z`) - shift.at) > NEAR ? text
    : new Date(Date.parse(`${time}Z`) + shift.seconds * 1000).toISOString().slice(0, 19) + fraction + zone;
}

function movedCount(count: bigint, { at, seconds }: Shift): bigint {
  for (const unit of UNITS) {
    const time = Number(count * 1000n / unit);
    if (Math.abs(time - at) <= NEAR) return count + BigInt(seconds) * unit;
  }
  return count;
}

function movedCron(cron: string, { seconds }: Shift): string {
  const [, minute, hour] = /^(\d{1,2}) (\d{1,2}) \* \* \*$/.exec(cron) ?? [];
  if (minute === undefined) throw new Error(`cron ${JSON.stringify(cron)} cannot be moved: write it as M H * * *`);
  const day = 24 * 60;
  const moved = (((Number(hour) * 60 + Number(minute) + Math.floor(seconds / 60)) % day) + day) % day;
  return `${moved % 60} ${Math.floor(moved / 60)} * * *`;
}
