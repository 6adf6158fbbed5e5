import type { Steps } from '@remit/contract';

/** Items sorted at once: a few milliseconds. */
const RUN = 4096;

/** Goes through all steps at once. */
export function finish<T>(steps: Steps<T>): T {
  let step = steps.next();
  while (step.done !== true) step = steps.next();
  return step.value;
}

/** Calls `visit` for every item in an order, `each` of them in a step; the items are sorted in runs that are merged on the way. */
export function* visitSorted<T>(items: readonly T[], order: (a: T, b: T) => number, each: number, visit: (item: T) => void): Steps<void> {
  const runs: T[][] = [];
  for (let at = 0; at < items.length; at += RUN) {
    if (at > 0) yield;
    runs.push(items.slice(at, at + RUN).sort(order));
  }
  const places = runs.map(() => 0);
  for (let n = 1; n <= items.length; n++) {
    let first = -1;
    for (let r = 0; r < runs.length; r++) {
      if (places[r]! < runs[r]!.length && (first === -1 || order(runs[r]![places[r]!]!, runs[first]![places[first]!]!) < 0)) first = r;
    }
    visit(runs[first]![places[first]!++]!);
    if (n % each === 0) yield;
  }
}
