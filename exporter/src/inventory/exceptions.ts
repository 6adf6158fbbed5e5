import type { DetectorId, Exception, Millis, NhiEvent, Signal, ToolCall } from '@remit/contract';
import { GlobSet } from '../lib/glob.ts';
import type { MemoPool } from './memo.ts';
import { compileNetworks } from './networks.ts';
import { compileToolPatterns } from './tools.ts';

/** An exception as the inventory lists it; `identity` is a pattern over URNs, or a URN for one written in a record. */
export interface ListedException { exception: Exception; identity: string | null; where: string }

/** A compiled exception. */
export interface CompiledException {
  exception: Exception;
  /** True when it is in force at the instant and covers the detector and the event, or the signal's own scope where there is none. */
  covers(detector: DetectorId, event: NhiEvent | null, at: Millis, about?: Signal['scope']): boolean;
  /** The same for an exception that ended, however long ago: it counts until it is taken out of the inventory. */
  covered(detector: DetectorId, event: NhiEvent | null, at: Millis, about?: Signal['scope']): boolean;
}

/**
 * Compiles an exception. It is in force from `starts_at` up to, not including, `expires_at`. Of the scope, every list that
 * is given must match: every privilege used, every target (of those the signal says it is about, where it does), the network, the tool.
 * Without an event all that the signal says it is about must lie inside; what it says nothing of, the network always, is never covered,
 * since nothing shows that it does.
 */
export function compileException(exception: Exception, memos: MemoPool): CompiledException {
  const from = exception.starts_at === undefined ? -Infinity : Date.parse(exception.starts_at);
  const to = Date.parse(exception.expires_at);
  const inScope = exception.scope === undefined ? () => true : compileScope(exception.scope, memos);
  const fits: CompiledException['covers'] = (detector, event, _, about) =>
    (exception.detector === '*' || exception.detector === detector) && inScope(event, about);
  return {
    exception,
    covers: (detector, event, at, about) => at >= from && at < to && fits(detector, event, at, about),
    covered: (detector, event, at, about) => at >= to && fits(detector, event, at, about),
  };
}

type InScope = (event: NhiEvent | null, about: Signal['scope']) => boolean;

function compileScope(scope: NonNullable<Exception['scope']>, memos: MemoPool): InScope {
  const tests: InScope[] = [];
  if (scope.actions !== undefined) {
    const actions = new GlobSet(scope.actions, { ignoreCase: true });
    tests.push((event, about) => all(event === null ? about?.actions : event.privilege?.used, (action) => actions.test(action)));
  }
  if (scope.resources !== undefined) {
    const resources = new GlobSet(scope.resources);
    tests.push((event, about) => (event === null ? all(about?.resources, (resource) => resources.test(resource))
      : everyTarget(event, about?.resources, (text) => resources.test(text))));
  }
  if (scope.networks !== undefined) {
    const network = compileNetworks(scope.networks, memos);
    tests.push((event) => event !== null && network(event) === 'allowed');
  }
  if (scope.tools !== undefined) {
    const fits = compileToolPatterns(scope.tools);
    tests.push((event, about) => (event === null ? all(about?.tools, (tool) => fits(callOf(tool)))
      : event.tool !== undefined && fits({ name: event.tool.name, server: event.tool.server })));
  }
  return (event, about) => {
    for (const test of tests) if (!test(event, about)) return false;
    return true;
  };
}

/**
 * Whether each target of the event passes by id or name; of those named in `only`, where it is given. What merely holds another target, as the
 * bucket of an object, goes with that.
 */
function everyTarget({ resources }: NhiEvent, only: readonly string[] | undefined, test: (text: string) => boolean): boolean {
  const targets = (resources ?? []).filter(({ uid, name }) => only === undefined || only.includes(uid ?? name ?? ''));
  const holds = (holder: string | undefined): boolean => holder !== undefined && targets.some(({ uid }) => uid !== undefined && uid.startsWith(`${holder}/`));
  const told = targets.filter(({ uid }) => !holds(uid));
  return told.length > 0 && told.every(({ uid, name }) => (uid !== undefined && test(uid)) || (name !== undefined && test(name)));
}

/** True when there is at least one and each passes. */
function all(texts: readonly string[] | undefined, test: (text: string) => boolean): boolean {
  return texts !== undefined && texts.length > 0 && texts.every(test);
}

/** A tool as signals name it: `server/tool`, or `tool` where no server is known. */
function callOf(tool: string): ToolCall {
  const slash = tool.indexOf('/');
  return { server: slash < 0 ? undefined : tool.slice(0, slash), name: tool.slice(slash + 1) };
}
