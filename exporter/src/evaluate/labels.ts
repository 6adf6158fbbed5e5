import { z } from 'zod';
import type { Millis } from '@remit/contract';

/** What was injected or found later to be misuse; [`start`, `end`) in event time. */
export interface Label { use_case: string; level: string; identity: string; start: Millis; end: Millis }

const instant = z.union([z.int().nonnegative(), z.iso.datetime({ offset: true }).transform((text) => Date.parse(text))], { error: 'a time such as 2026-11-22T08:00:00Z, or milliseconds' });
const label = z.object({
  use_case: z.string().min(1).max(64), level: z.union([z.string().max(64), z.number()]).transform(String), identity: z.string().min(1).max(512), start: instant, end: instant,
}).refine(({ start, end }) => start < end, { error: 'start lies before end' });
const schema = z.array(label).max(1_000_000);

/** Reads a JSON array of labels, or says which entry is wrong and why. */
export function parseLabels(text: string): { labels: Label[] } | { problem: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { problem: `is no JSON: ${(error as Error).message}` };
  }
  const read = schema.safeParse(value);
  if (read.success) return { labels: read.data };
  const { path, message } = read.error.issues[0]!;
  return { problem: path.length === 0 ? `${message}; a JSON array of { use_case, level, identity, start, end } is wanted` : `entry ${String(path[0])}${path.length > 1 ? `, ${String(path[1])}` : ''}: ${message}` };
}

/** A use case that is growth, not misuse: it wants a ticket, and nobody is told that it is harmless. */
export const DRIFT = 'drift';

/** The same misuse at times and on identities that have nothing to do with it: what is found then is chance. */
export function shuffled(labels: readonly Label[], identities: readonly string[], from: Millis, to: Millis, seed: number): Label[] {
  let state = (seed * 2654435761 + 12345) >>> 0;
  const next = () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0;
    return ((state ^ (state >>> 13)) >>> 0) / 2 ** 32;
  };
  if (identities.length === 0) return [...labels];
  return labels.map((one) => {
    const length = Math.min(one.end - one.start, to - from);
    const start = from + Math.floor(next() * Math.max(1, to - from - length));
    return { ...one, identity: identities[Math.floor(next() * identities.length)]!, start, end: start + length };
  });
}
