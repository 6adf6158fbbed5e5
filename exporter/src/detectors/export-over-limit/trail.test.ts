import type { Inventory } from '@remit/contract';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { loadInventory } from '../../inventory/load.ts';
import type { CompactEvent } from '../case-event.ts';
import { runCase } from '../case-harness.ts';
import { addCells, MOST_CELLS } from './cells.ts';
import type { Cells } from './cells.ts';
import { detector } from './detector.ts';

const HOUR = 3_600_000;
/** A slot of an hour's period; times lie around such edges and around midnight. */
const SLOT = HOUR / 128;
const START = Date.parse('2026-11-22T22:30:00Z');
const identity = 'urn:nhi:aws:111122223333:role/report';
const LIMIT = 100;

interface Move { at: number; amount: number; object: number }

const near = (edges: number): fc.Arbitrary<number> => fc.tuple(fc.nat(edges), fc.constantFrom(0, 1, 7, SLOT - 1, SLOT / 5, SLOT / 2), fc.constantFrom(0, 0, HOUR, 2 * HOUR))
  .map(([edge, beside, later]) => Math.floor(START + edge * SLOT + beside + later));
const moves = (time: fc.Arbitrary<number>, most: number, longest: number): fc.Arbitrary<Move[]> => fc.array(
  fc.record({ at: time, amount: fc.oneof(fc.constant(1), fc.integer({ min: 0, max: most })), object: fc.nat(8) }), { minLength: 1, maxLength: longest, size: 'max' });

test.each(['bytes', 'rows', 'objects'] as const)('%s: the same verdict as adding up every period, in any order of arrival', (unit) => {
  const most = unit === 'objects' ? 5 : LIMIT;
  const inventory = load({ [unit]: most, per: '1h' });
  fc.assert(fc.property(moves(near(4), 60, 24), fc.infiniteStream(fc.nat()), (list, keys) => {
    const wanted = risesOf(list, HOUR, (within) => (unit === 'objects' ? new Set(within.map(({ object }) => object)).size : total(within)), most);
    expect(daysOf(list, inventory)).toEqual(wanted);
    const order = list.map((move) => ({ move, key: keys.next().value! })).sort((a, b) => a.key - b.key);
    expect(daysOf(order.map(({ move }) => move), inventory)).toEqual(wanted);
  }), { numRuns: 300 });
});

test('of a dense stream nothing is missed, more events take nothing back, and only nearly an excess counts as one', () => {
  const inventory = load({ bytes: 1900, per: '1h' });
  const begin = Math.ceil(Date.parse('2026-11-22T10:00:00Z') / SLOT) * SLOT;
  const small = fc.record({ at: fc.tuple(fc.nat(Math.floor(SLOT) - 1), fc.constantFrom(0, HOUR)).map(([at, later]) => begin + at + later), amount: fc.constant(1), object: fc.constant(0) });
  fc.assert(fc.property(
    fc.array(small, { minLength: 70, maxLength: 90 }), fc.integer({ min: 8000, max: SLOT - 8000 }), fc.integer({ min: -6000, max: 6000 }), fc.nat(90),
    (list, from, beside, without) => {
      // Two large amounts about a period apart, of which one alone is not too much.
      const large = [begin + from, begin + from + HOUR + beside].map((at) => ({ at, amount: 1000, object: 1 }));
      const all = [...large, ...list];
      const found = daysOf(all, inventory).length > 0;
      const exact = (per: number): boolean => risesOf(all, per, total, 1900).length > 0;
      expect(found || !exact(HOUR)).toBe(true);
      expect(!found || exact(HOUR + HOUR / 900)).toBe(true);
      expect(daysOf(all.toReversed(), inventory).length > 0).toBe(found);
      if (daysOf(all.slice(0, without + 2), inventory).length > 0) expect(found).toBe(true);
    },
  ), { numRuns: 100 });
});

test('cells are the same however they were added up', () => {
  const midnight = Date.parse('2026-11-23T00:00:00Z');
  const one = (at: number): Cells => ({ level: 0, list: [[at, at, 1, 2]] });
  const none = (): Cells => ({ level: 0, list: [] });
  fc.assert(fc.property(fc.array(fc.integer({ min: -5000, max: 9000 }), { maxLength: 120, size: 'max' }), fc.nat(120), (times, cut) => {
    const parts = [times.slice(0, cut), times.slice(cut)].map((part) => part.map((at) => one(midnight + at)).reduce(addCells, none()));
    const whole = times.toReversed().map((at) => one(midnight + at)).reduce(addCells, none());
    expect(addCells(parts[0]!, parts[1]!)).toEqual(whole);
    expect(whole.list.length).toBeLessThanOrEqual(MOST_CELLS);
    expect(whole.list.reduce((sum, [, , bytes]) => sum + bytes, 0)).toBe(times.length);
    expect(whole.list.every(([first, last]) => first >= midnight || last < midnight)).toBe(true);
  }), { numRuns: 300 });
});

/** UTC days on which what moved in the period up to a move first rises above the most, by adding up each period anew. */
function risesOf(list: readonly Move[], per: number, measure: (within: Move[]) => number, most: number): string[] {
  const days = new Set<string>();
  let above = false;
  for (const at of [...new Set(list.map((move) => move.at))].sort((a, b) => a - b)) {
    const over = measure(list.filter((move) => move.at <= at && move.at > at - per)) > most;
    if (over && !above) days.add(new Date(at).toISOString().slice(0, 10));
    above = over;
  }
  return [...days].sort();
}

function total(list: readonly Move[]): number { return list.reduce((sum, { amount }) => sum + amount, 0); }

/** Buckets of the findings. */
function daysOf(list: readonly Move[], inventory: Inventory): string[] {
  const events = list.map(({ at, amount, object }, n): CompactEvent => ({
    id: `move-${n}`, at: new Date(at).toISOString(), does: 'aws:s3:GetObject', category: 'read',
    to: `arn:aws:s3:::shop/${object}`, bytes: amount, rows: amount,
  }));
  const file = { identity, cases: [] };
  return runCase(detector, file, { name: 'made', events }, { load: () => inventory, normalise: () => [] }).map(({ bucket }) => bucket);
}

function load(limit: object): Inventory {
  const text = stringify({ owners: [{ team: 'a-team' }], identities: [{ urn: identity, owner: 'a-team', max_volume: [limit] }] });
  const { inventory, problems } = loadInventory({ 'a.yml': text }, { importedAt: START });
  if (inventory === null) throw new Error(JSON.stringify(problems));
  return inventory;
}
