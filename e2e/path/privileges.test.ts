import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StateReadout } from '../../exporter/src/pipeline/readout.ts';
import { freePort } from '../../tools/real/prometheus.ts';
import { Bench, roleRecord, shuffled } from '../support/bench.ts';
import { ExporterProcess } from '../support/exporter.ts';

const URN = 'urn:nhi:aws:111122223333:role/exporter';
const INVENTORY = `
owners: [{ team: a, enforce: true }]
identities:
  - urn: ${URN}
    owner: a
    credentials: [{ uid: AKIA1, created: 2026-01-01T00:00:00Z }, { uid: AKIA2, created: 2026-02-01T00:00:00Z, rotation: { interval: 7d } }, { uid: AKIA3, created: 2025-01-01T00:00:00Z, decommissioned_at: 2025-02-01T00:00:00Z }]
    rotation: { interval: 90d }
    granted: [{ permission: 'aws:s3:*', via: policy/files }, { permission: 'aws:S3:GetObject', via: policy/read }, { permission: 'aws:sqs:SendMessage', via: policy/queue }]
`;
const call = (operation: string, time: string, extra: object = {}): string => roleRecord('exporter', 'AROAEXPORTER00000001', time, { operation, extra });
const RECORDS = [
  call('GetObject', '2026-08-01T10:00:00Z'), call('PutObject', '2026-11-20T10:00:00Z'), call('PutObject', '2026-09-20T10:00:00Z'),
  call('DeleteBucket', '2026-11-20T11:00:00Z', { errorCode: 'AccessDenied' }),
];

let bench: Bench;
const privileges = (): unknown => [...new StateReadout(bench.core.engine.processor).takeChanged()].find(({ urn }) => urn === URN)?.privileges;
const exercised = (now: string): string[] => {
  const { privileges: book, identities } = bench.core.engine.processor;
  return book.exercised(identities.get(URN)!, Date.parse(now)).map(({ permission, day }) => `${permission} ${new Date(day).toISOString().slice(0, 10)}`);
};

describe('privileges exercised against granted', () => {
  beforeEach(() => { bench = new Bench(); });
  afterEach(async () => {
    await bench.close();
    bench.remove();
  });

  it('counts grants that an allowed call of the last 90 days proves, each once; refused calls prove none', async () => {
    await bench.open(INVENTORY);
    await bench.replay(RECORDS.join('\n'));
    expect(exercised('2026-10-01T00:00:00Z')).toEqual(['aws:s3:GetObject 2026-08-01', 'aws:s3:PutObject 2026-11-20']);
    await bench.tick(Date.parse('2026-10-29T12:00:00Z'));
    await bench.tick(Date.parse('2026-11-20T12:00:00Z'));
    expect(exercised('2026-11-20T12:00:00Z')).toEqual(['aws:s3:PutObject 2026-11-20']);
    expect(privileges()).toMatchObject({ granted: 3, exercised: 1 });
  });

  it('says nothing without grants', async () => {
    await bench.open(INVENTORY.replace(/granted: .*\]/, 'actions: ["aws:*"]'));
    await bench.replay(RECORDS.join('\n'));
    expect(privileges()).toBeNull();
  });

  it('leaves the window without an event', async () => {
    await bench.open(INVENTORY);
    await bench.replay(RECORDS.slice(1).join('\n'));
    await bench.tick(Date.parse('2026-11-21T00:00:00Z'));
    const readout = new StateReadout(bench.core.engine.processor);
    const count = (): unknown => [...readout.takeChanged()].map((read) => read.privileges);
    expect(count()).toEqual([expect.objectContaining({ granted: 3, exercised: 1 })]);
    await bench.tick(Date.parse('2027-02-21T00:00:00Z'));
    expect(count()).toEqual([expect.objectContaining({ granted: 3, exercised: 0 })]);
  });

  it('is the same in any order, and through a restart', async () => {
    const many = Array.from({ length: 700 }, (_, i) => call(`Get${i}`, new Date(Date.parse('2026-11-01T00:00:00Z') + (i % 9) * 86_400_000).toISOString()));
    const digests = new Set<string>();
    for (const order of [many, shuffled(many, 1), shuffled(many, 2)]) {
      const other = await new Bench().open(INVENTORY);
      for (let i = 0; i < order.length; i += 100) await other.ingest(order.slice(i, i + 100).join('\n'), { backfill: true });
      const { privileges: book, identities } = other.core.engine.processor;
      digests.add(JSON.stringify(book.save(identities.get(URN)!)));
      await other.close();
      const again = await other.open(INVENTORY);
      const { privileges: restored, identities: known } = again.core.engine.processor;
      digests.add(JSON.stringify(restored.save(known.get(URN)!)));
      await again.close();
      again.remove();
    }
    expect(digests.size).toBe(1);
    expect(JSON.parse([...digests][0]!)).toHaveLength(512);
    await bench.open();
  });
});

it('are on /metrics, with the next rotation that is due', async () => {
  const files = new Bench();
  const exporter = new ExporterProcess(await freePort(), { 'storage.path': join(files.folder, 'live'), 'inventory.path': files.file(INVENTORY, 'yml') });
  try {
    await exporter.start();
    const { body } = await exporter.post('/ingest', call('GetObject', new Date(Date.now() - 60_000).toISOString()));
    expect(body).toMatchObject({ accepted: 1 });
    const value = (name: string): Promise<number | undefined> => exporter.value(name, { identity: URN });
    expect([await value('nhi_privileges_granted'), await value('nhi_privileges_exercised')]).toEqual([3, 2]);
    expect(await value('nhi_identity_credential_due_timestamp_seconds')).toBe(Date.parse('2026-02-08T00:00:00Z') / 1000);
  } finally {
    await exporter.end('SIGTERM');
    files.remove();
  }
}, 60_000);
