import type { KeyedHash } from '../../lib/hash.ts';

/** One value that a call passed: the path of the argument, and the value, a list element each. Values may be hashed already. */
export interface Argument { path: string; value: string }

/** One call of a tool. `writes`: by the tool catalogue it changes something. `ok`: it was not refused and did not fail. */
export interface Call { tool: string; writes: boolean; ok: boolean; arguments: readonly Argument[] }

/**
 * What one run of an agent did: its calls in order. `purpose` is the task it was started for, null where runs carry none: then the
 * agent is judged as a whole. Runs of one `group` (a model, a version of the agent) tend to repeat each other and are no evidence for each
 * other; a run that knows none stands for itself.
 */
export interface Run { id: string; agent: string; purpose: string | null; group: string | null; calls: readonly Call[] }

/** A call in hashes: `values` holds path and value in turn. `approved`: the tool is approved for the purpose, whether anybody used it or not. */
export interface HashedCall { tool: number; writes: boolean; ok: boolean; values: readonly number[]; approved?: boolean }

/** A run in hashes of 53 bits, all that is ever kept of it. `purpose` is 0 when it carries none. */
export interface HashedRun { id: number; agent: string; purpose: number; group: number; calls: readonly HashedCall[] }

/** The run in keyed hashes: without the key nobody can make up a value that passes for another. */
export function hashRun(run: Run, keyed: KeyedHash): HashedRun {
  const hash = (text: string): number => {
    keyed.update(text);
    return keyed.high * 0x200000 + (keyed.low >>> 11);
  };
  const id = hash(`run ${run.id}`);
  return {
    id, agent: run.agent,
    purpose: run.purpose === null ? 0 : hash(`purpose ${run.purpose}`),
    group: run.group === null ? id : hash(`group ${run.group}`),
    calls: run.calls.map(({ tool, writes, ok, arguments: given }) => {
      const values: number[] = [];
      // The same path of another tool means something else.
      for (const { path, value } of given) values.push(hash(`path ${tool.length}:${tool}${path}`), hash(`value ${value}`));
      return { tool: hash(`tool ${tool}`), writes, ok, values };
    }),
  };
}
