import type { DetectorId, Exception, Millis, NhiEvent } from '@remit/contract';
import { GlobSet } from '../lib/glob.ts';
import type { MemoPool } from './memo.ts';
import { compileNetworks } from './networks.ts';

/** An exception as the inventory lists it; `identity` is a pattern over URNs, or a URN for one written in a record. */
export interface ListedException { exception: Exception; identity: string | null; where: string }

/** A compiled exception. */
export interface CompiledException {
  exception: Exception;
  /** True when it is in force at the instant and covers the detector and the event. */
  covers(detector: DetectorId, event: NhiEvent | null, at: Millis): boolean;
}

/**
 * Compiles an exception. It is in force from `starts_at` up to, not including, `expires_at`. Of the scope, every list that
 * is given must match: every privilege used, the target, the network, the tool. A scoped exception never covers a signal
 * without an event, since nothing shows that it lies inside the scope.
 */
export function compileException(exception: Exception, memos: MemoPool): CompiledException {
  const from = exception.starts_at === undefined ? -Infinity : Date.parse(exception.starts_at);
  const to = Date.parse(exception.expires_at);
  const inScope = exception.scope === undefined ? () => true : compileScope(exception.scope, memos);
  return {
    exception,
    covers: (detector, event, at) => at >= from && at < to
      && (exception.detector === '*' || exception.detector === detector) && inScope(event),
  };
}

function compileScope(scope: NonNullable<Exception['scope']>, memos: MemoPool): (event: NhiEvent | null) => boolean {
  const tests: ((event: NhiEvent) => boolean)[] = [];
  if (scope.actions !== undefined) {
    const actions = new GlobSet(scope.actions, { ignoreCase: true });
    tests.push((event) => {
      const used = event.privilege?.used ?? [];
      return used.length > 0 && used.every((permission) => actions.test(permission));
    });
  }
  if (scope.resources !== undefined) {
    const resources = new GlobSet(scope.resources);
    tests.push((event) => {
      const target = event.resources?.[0];
      return (target?.uid !== undefined && resources.test(target.uid)) || (target?.name !== undefined && resources.test(target.name));
    });
  }
  if (scope.networks !== undefined) {
    const network = compileNetworks(scope.networks, memos);
    tests.push((event) => network(event) === 'allowed');
  }
  if (scope.tools !== undefined) {
    const tools = new GlobSet(scope.tools);
    tests.push(({ tool }) => tool !== undefined
      && (tools.test(tool.name) || (tool.server !== undefined && tools.test(`${tool.server}/${tool.name}`))));
  }
  return (event) => {
    if (event === null) return tests.length === 0;
    for (const test of tests) if (!test(event)) return false;
    return true;
  };
}
