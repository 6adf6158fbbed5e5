import type { SavedTools } from './memory.ts';

/** The memory of one agent, with what is told of it. */
export interface PackedHabit { learned: number; since: number; last: number; hours: number; memory: SavedTools }
const HEADER = 6;

/** One agent's memory as bytes: 64-bit numbers, then the agent's name. */
export function pack({ learned, since, last, hours, memory }: PackedHabit): Uint8Array {
  const [{ agent, below, keys, purposes, runs } = { agent: '', below: 0, keys: [], purposes: [], runs: [] }] = memory.agents;
  const numbers: number[] = [memory.version, learned, since, last, hours, below];
  const list = (items: readonly number[]): void => {
    numbers.push(items.length);
    for (const item of items) numbers.push(item);
  };
  list(keys);
  list(purposes);
  numbers.push(runs.length);
  for (const [id, purpose, group, ...calls] of runs) {
    numbers.push(id, purpose, group, calls.length);
    for (const call of calls) list(call);
  }
  const words = Float64Array.from(numbers);
  return Buffer.concat([Buffer.from(Float64Array.of(words.length).buffer), Buffer.from(words.buffer), Buffer.from(agent)]);
}

/** What `pack` wrote. */
export function unpack(bytes: Uint8Array): PackedHabit {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 8;
  const next = (): number => {
    at += 8;
    return view.getFloat64(at - 8, true);
  };
  const many = (): number[] => Array.from({ length: next() }, next);
  const end = 8 + 8 * view.getFloat64(0, true);
  const [version, learned, since, last, hours, below] = Array.from({ length: HEADER }, next) as [number, number, number, number, number, number];
  const keys = many();
  const purposes = many();
  const runs = Array.from({ length: next() }, () => {
    const [id, purpose, group] = [next(), next(), next()];
    return [id, purpose, group, ...Array.from({ length: next() }, many)];
  }) as SavedTools['agents'][number]['runs'];
  const agent = Buffer.from(bytes.buffer, bytes.byteOffset + end, bytes.length - end).toString();
  return { learned, since, last, hours, memory: { version, agents: [{ agent, below, keys, purposes, runs }] } };
}
