import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StateReadout } from '../../exporter/src/pipeline/readout.ts';
import { Bench, roleRecord, sample } from '../support/bench.ts';

let bench: Bench;
beforeEach(async () => { bench = await new Bench().open(); });
afterEach(async () => {
  await bench.close();
  bench.remove();
});
const good = (n: number) => roleRecord('worker', 'AROAWORKER0000000001', `2026-11-22T11:00:0${n}Z`);

describe('a body', () => {
  it('is counted exactly once, however often it is sent', async () => {
    const body = [good(1), good(2), good(3)].join('\n');
    expect(await bench.ingest(body)).toMatchObject({ accepted: 3, duplicate: 0, rejected: [] });
    expect(await bench.ingest(gzipSync(body))).toMatchObject({ accepted: 0, duplicate: 3, rejected: [] });
    await bench.close();
    await bench.open();
    expect(await bench.ingest(body)).toMatchObject({ accepted: 0, duplicate: 3 });
  });

  it('may come in any envelope of its source', async () => {
    const records = [good(1), good(2)].map((l) => JSON.parse(l) as object);
    expect(await bench.ingest(JSON.stringify({ Records: records }))).toMatchObject({ accepted: 2 });
    expect(await bench.ingest(JSON.stringify(records, null, 2))).toMatchObject({ duplicate: 2 });
    expect(await bench.ingest(JSON.stringify({ 'detail-type': 'AWS API Call via CloudTrail', source: 'aws.s3', detail: records[0] }))).toMatchObject({ duplicate: 1 });
    const events = sample('k8s-perfspec').slice(0, 50).map((l) => JSON.parse(l) as object);
    expect(await bench.ingest(JSON.stringify({ kind: 'EventList', apiVersion: 'audit.k8s.io/v1', items: events }), { backfill: true })).toMatchObject({ accepted: 50 });
  });

  it('loses nothing but what is bad, and says what and why', async () => {
    const deep = `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`;
    const body = [
      good(1), '{"broken": ', good(2), '{"hello":"world"}', deep, good(3), '{"__proto__":{"polluted":1}}',
      roleRecord('worker', 'AROAWORKER0000000001', '2026-11-01T11:00:00Z'), roleRecord('worker', 'AROAWORKER0000000001', '2026-11-23T11:00:00Z'),
      roleRecord('worker', 'AROAWORKER0000000001', 'yesterday'), good(4),
    ].join('\n');
    const receipt = await bench.ingest(body);
    expect(receipt.accepted).toBe(4);
    expect(receipt.rejected.map(({ index, reason }) => [index, reason])).toEqual([
      [1, 'bad_json'], [3, 'unknown_shape'], [4, 'too_deep'], [6, 'unknown_shape'], [7, 'too_old'], [8, 'future'], [9, 'bad_time'],
    ]);
    expect(bench.rejected).toHaveLength(7);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('that ends early gives what it has', async () => {
    const body = gzipSync(Array.from({ length: 9 }, (_, i) => good(i)).join('\n'), { level: 0 });
    const receipt = await bench.ingest(body.subarray(0, body.length - 800));
    expect(receipt.accepted).toBeGreaterThan(6);
    expect(receipt.rejected).toMatchObject([{ reason: 'truncated' }]);
  });

  it('that inflates without end costs no more than the cap', async () => {
    const before = process.memoryUsage().rss;
    const bomb = gzipSync(Buffer.alloc(300 << 20));
    const receipt = await bench.ingest(bomb);
    expect(receipt).toMatchObject({ accepted: 0, rejected: [{ reason: 'too_large' }] });
    expect(process.memoryUsage().rss - before).toBeLessThan(900 << 20);
  });

  it('of a named source that does not exist is refused', async () => {
    expect(await bench.ingest(good(1), { source: 'no-such' })).toMatchObject({ accepted: 0, rejected: [{ reason: 'unknown_shape' }] });
  });

  it('counts history with the rest and apart, and does so after a restart', async () => {
    const at = (time: string): string => roleRecord('worker', 'AROAWORKER0000000001', time);
    await bench.ingest([at('2025-01-01T00:00:00Z'), at('2026-11-22T10:59:59Z'), at('2026-11-22T11:30:00Z')].join('\n'), { backfill: true });
    await bench.ingest(at('2026-11-22T10:00:00Z'));
    const counted = (): unknown => {
      const readout = new StateReadout(bench.core.engine.processor);
      const [worker] = [...readout.takeChanged()].filter(({ urn }) => urn.endsWith('/worker'));
      return { events: [...readout.events()].reduce((sum, { value }) => sum + value, 0), history: [...readout.history()], worker: worker?.success };
    };
    const expected = { events: 4, history: [{ source: 'aws-cloudtrail', value: 2 }], worker: 4 };
    expect(counted()).toEqual(expected);
    await bench.close();
    await bench.open();
    expect(counted()).toEqual(expected);
  });

  it('takes history only as backfill, and an event of the future never moves the watermark past ten minutes', async () => {
    const old = roleRecord('worker', 'AROAWORKER0000000001', '2025-01-01T00:00:00Z');
    expect(await bench.ingest(old)).toMatchObject({ accepted: 0 });
    expect(await bench.ingest(old, { backfill: true })).toMatchObject({ accepted: 1 });
    await bench.ingest(roleRecord('worker', 'AROAWORKER0000000001', '2026-11-22T12:55:00Z'));
    expect(Math.max(...bench.core.engine.processor.feeds.all.map((f) => f.newest))).toBe(bench.now + 600_000);
  });
});
