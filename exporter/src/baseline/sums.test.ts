import type { HourSums, NhiEvent } from '@remit/contract';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { mergeSums, openSums, restoreSums, saveSums, Summing } from './sums.ts';

const summing = new Summing(new Uint8Array(8).fill(3));
const START = Date.UTC(2026, 8, 7, 10);

function event(i: number, over: Partial<NhiEvent> = {}): NhiEvent {
  return {
    metadata: { original_event_uid: `e${i}`, source: 'generic' }, principal_key: 'p', time: START + i * 1_000, class_uid: 6003, activity_id: 1,
    actor: { identity: { urn: 'urn:nhi:x:y:role/z', kind: 'service_account', resolution: 'derived' } }, api: { operation: `Op${i % 7}` },
    action: { category: 'read' }, status_id: i % 5 === 0 ? 2 : 1, outcome: { denied: i % 11 === 0 }, src_kind: 'ip', src_endpoint: { ip: `198.51.${i % 13}.7` },
    resources: [{ uid: `bucket/${i % 90}/x/${i}` }], volume: { bytes_out: i * 10 }, flags: [], ...over,
  };
}

function summed(events: readonly NhiEvent[]): HourSums {
  const sums = openSums();
  for (const e of events) summing.add(sums, e, e.action.category === 'share' ? 'share' : null);
  return sums;
}

const tools = Array.from({ length: 200 }, (_, i) => event(i, { tool: { name: `tool${i % 9}` }, trace: { uid: `t${i % 6}` }, action: { category: i % 30 === 0 ? 'share' : 'execute_tool' } }));
const all = [...Array.from({ length: 300 }, (_, i) => event(i)), ...tools];
const whole = JSON.stringify(saveSums(summed(all)));

test('any order and any cut of an hour give the same sums', () => {
  fc.assert(fc.property(fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length }), fc.integer({ min: 0, max: all.length }), (shuffled, at) => {
    const left = summed(shuffled.slice(0, at));
    mergeSums(left, restoreSums(JSON.parse(JSON.stringify(saveSums(summed(shuffled.slice(at)))))));
    expect(JSON.stringify(saveSums(left))).toBe(whole);
  }), { numRuns: 25 });
});

test('counts, amounts and sensitive events are exact; sets and steps are bounded', () => {
  const sums = summed(all);
  expect(sums).toMatchObject({ events: 500, privileged: 7, measured: 498, amount: all.reduce((n, e) => n + e.volume!.bytes_out!, 0) });
  expect(sums.resources!.length).toBe(32);
  expect(saveSums(sums)[6]).toHaveLength(64 * 4);
  expect(JSON.stringify(saveSums(summed(all.slice(0, 20)))).length).toBeLessThan(1_000);
});

test('hostile numbers and names do no harm', () => {
  const sums = summed([
    event(1, { volume: { bytes_out: Infinity } }), event(2, { volume: { bytes_out: -5 } }), event(3, { volume: { bytes_out: null, rows: 7 } }),
    event(4, { api: { operation: '__proto__'.repeat(200_000) } }),
  ]);
  expect(sums).toMatchObject({ events: 4, amount: 47, measured: 2 });
});

test('hours that begin alike stay apart', () => {
  const first = summed([event(1)]);
  const second = summed([event(1)]);
  const before = JSON.stringify(saveSums(second));
  for (let i = 2; i < 40; i++) summing.add(first, event(i, { api: { operation: `Other${i}` }, src_endpoint: { ip: `${100 + i}.7.0.1` } }), null);
  expect(first.actions!.length).toBe(24);
  expect(first.sources!.length).toBe(8);
  expect(JSON.stringify(saveSums(second))).toBe(before);
  expect(JSON.stringify(saveSums(summed([event(1)])))).toBe(before);
});
