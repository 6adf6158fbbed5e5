import type { ChainStep, EventRef, ForbiddenTransition, Millis, Signal, ToolCall } from '@remit/contract';
import { bounded, DAY, span } from '../phrases.ts';
import { nameOf, toolOf } from './words.ts';

/** One end of calls that look alike, in one trace and hour: the instant that matters, and the event behind it. */
interface Edge { at: Millis; ref: EventRef }
/**
 * Calls of one tool, trace, hour and outcome, folded to what an order needs: the earliest end, the latest start, and the earliest
 * start of those whose end is not known.
 */
export interface Side extends ToolCall { category: string; trace: string; outcome: EventRef['outcome']; ended: Edge | null; started: Edge; open: Edge | null }

/** Folds two sides; the order in which they come makes no difference. */
export function mergeSides(into: Side, from: Side): Side {
  return {
    ...into, ended: pick(into.ended, from.ended, -1), started: pick(into.started, from.started, 1)!, open: pick(into.open, from.open, -1),
  };
}

/**
 * One signal for each forbidden transition that happened: A ended before B started, whatever lay between, at most 24 h apart. In a
 * conversation only pairs of two traces count, where the trace of B shows no A of its own. Certain when both sides succeeded;
 * refused and failed calls make a ticket; an A whose end is not known makes a line for dashboards, since nothing shows the order.
 */
export function forbiddenSignals(
  steps: readonly ChainStep<Side>[], forbidden: readonly ForbiddenTransition[], bucket: string, acrossTraces: boolean,
): Signal[] {
  const signals: Signal[] = [];
  for (const transition of forbidden) {
    // A refused call did not happen, so nothing follows from it.
    const from = steps.filter(({ fact }) => fact.outcome !== 'denied' && transition.from.matches(fact));
    const to = from.length === 0 ? [] : steps.filter(({ fact }) => transition.to.matches(fact));
    let worst: Pair | null = null;
    for (const b of to) {
      const pairs = from.map((a) => pairOf(a.fact, b.fact)).filter((pair) => pair !== null);
      const told = acrossTraces && pairs.some((pair) => pair.proven && together(pair));
      if (told) continue;
      for (const pair of pairs) {
        if (acrossTraces === together(pair)) continue;
        if (worst === null || graver(pair, worst) < 0) worst = pair;
      }
    }
    if (worst !== null) signals.push(signalOf(worst, transition, bucket));
  }
  return signals;
}

interface Pair { a: Side; b: Side; first: Edge; last: Edge; proven: boolean; done: boolean }

function pairOf(a: Side, b: Side): Pair | null {
  const done = a.outcome === 'success' && b.outcome === 'success';
  const last = b.started;
  if (a.ended !== null && precedes(a.ended, last)) return { a, b, first: a.ended, last, proven: true, done };
  if (a.open !== null && precedes(a.open, last)) return { a, b, first: a.open, last, proven: false, done };
  return null;
}

function precedes(first: Edge, last: Edge): boolean {
  return first.at <= last.at && last.at - first.at <= DAY && first.ref.uid !== last.ref.uid;
}

/** Calls without a trace of their own are only joined by their conversation. */
function together({ a, b }: Pair): boolean { return a.trace === b.trace && a.trace !== ''; }

/** Below 0 when `one` weighs more, or weighs as much and came first. */
function graver(one: Pair, other: Pair): number {
  return Number(other.proven) - Number(one.proven) || Number(other.done) - Number(one.done)
    || one.first.at - other.first.at || one.last.at - other.last.at || (one.last.ref.uid < other.last.ref.uid ? -1 : 1);
}

function signalOf({ a, b, first, last, proven, done }: Pair, transition: ForbiddenTransition, bucket: string): Signal {
  const later = span(last.at - first.at);
  const traces = a.trace === b.trace ? '' : ', in another trace of the conversation';
  const order = proven ? `${later} after` : `${later} after the start, with no end known, of`;
  return {
    subject: bounded(transition.text, 256), bucket,
    reason: {
      expected: `never ${bounded(transition.to.text, 100)} after ${bounded(transition.from.text, 100)}`,
      observed: `${nameOf(b)} ${order} ${nameOf(a)}${traces} (${b.outcome === 'success' ? a.outcome : b.outcome})`,
    },
    evidence: [first.ref, last.ref], at: last.at, first: first.ref.time, count: 2, scope: { tools: [toolOf(b)] },
    ...(proven ? done ? { certain: true } : { severity: 'warning' as const } : { severity: 'info' as const }),
  };
}

function pick(a: Edge | null, b: Edge | null, sign: 1 | -1): Edge | null {
  if (a === null || b === null) return a ?? b;
  const order = sign * (b.at - a.at);
  return order > 0 || (order === 0 && b.ref.uid < a.ref.uid) ? b : a;
}
