import type { Millis } from '@remit/contract';
import type { Cells } from './cells.ts';
import type { Sightings } from './sets.ts';

export type Unit = 'bytes' | 'rows' | 'objects';
/** What moved out during one slot. `objects` are at most `most`. */
export interface Amount { cells: Cells; objects: Sightings; most: number; actions: string[] }
/** Where a period begins or ends: the step's number, and the time. */
export interface Place { step: number; time: Millis }

/**
 * Tells, in order of time, how much moved in the period that ends with each amount. Exact where every instant has a cell of its own;
 * a wider cell counts as a whole as soon as any part of it may lie within the period, so that the sum is never too small, and more
 * events never make it smaller.
 */
export function trail(amounts: readonly Amount[], per: Millis, unit: Unit, tell: (value: number, from: Place, to: Place) => void): void {
  const meter = unit === 'objects' ? distinct() : sum();
  /** Points of the steps that the period touches. */
  const kept = new Map<number, Point[]>();
  let step = 0;
  let index = 0;
  amounts.forEach((amount, to) => {
    const points = pointsOf(amount, unit);
    kept.set(to, points);
    for (const point of points) {
      meter.add(point.amount);
      for (;;) {
        const oldest = kept.get(step)![index];
        if (oldest === undefined) {
          kept.delete(step++);
          index = 0;
        } else if (point.first - oldest.last >= per) {
          meter.remove(oldest.amount);
          index++;
        } else break;
      }
      tell(meter.value(), { step, time: kept.get(step)![index]!.first }, { step: to, time: point.last });
    }
  });
}

/** An amount and when it moved; of an object its hash. */
interface Point { first: Millis; last: Millis; amount: number }
interface Meter { add(amount: number): void; remove(amount: number): void; value(): number }

/** A slot is shorter than a period, so that of an object's sightings in it only the first and the last can make a difference. */
function pointsOf({ cells, objects }: Amount, unit: Unit): Point[] {
  const points: Point[] = [];
  if (unit === 'objects') {
    for (let i = 0; i < objects.length; i += 3) {
      const [hash, first, last] = [objects[i]!, objects[i + 1]!, objects[i + 2]!];
      points.push({ first, last: first, amount: hash });
      if (last > first) points.push({ first: last, last, amount: hash });
    }
    return points.sort((a, b) => a.first - b.first);
  }
  for (const [first, last, bytes, rows] of cells.list) {
    const amount = unit === 'bytes' ? bytes : rows;
    if (amount > 0) points.push({ first, last, amount });
  }
  return points;
}

function sum(): Meter {
  let sum = 0;
  return { add: (amount) => { sum += amount; }, remove: (amount) => { sum -= amount; }, value: () => sum };
}

function distinct(): Meter {
  const seen = new Map<number, number>();
  return {
    add: (object) => { seen.set(object, (seen.get(object) ?? 0) + 1); },
    remove: (object) => {
      const left = seen.get(object)! - 1;
      if (left === 0) seen.delete(object);
      else seen.set(object, left);
    },
    value: () => seen.size,
  };
}
