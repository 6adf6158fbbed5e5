import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Bench, roleRecord, sample, shuffled } from '../support/bench.ts';

let bench: Bench;
beforeEach(() => { bench = new Bench(); });
afterEach(async () => {
  await bench.core?.close();
  bench.remove();
});

/** Three weeks of hourly work of a few roles: hours close, habits are learned, and one hour is a flood. */
function weeks(): string[] {
  const lines: string[] = [];
  let state = 7;
  const random = () => (state = (state * 1_103_515_245 + 12_345) & 0x7fff_ffff) / 0x7fff_ffff;
  const start = Date.parse('2026-03-01T00:00:00Z');
  for (let hour = 0; hour < 21 * 24; hour++) {
    for (let role = 0; role < 8; role++) {
      const flood = hour === 20 * 24 + 5 && role === 3;
      const events = flood ? 200 : Math.floor(random() * 3);
      for (let i = 0; i < events; i++) {
        const time = `${new Date(start + hour * 3_600_000 + Math.floor(random() * 3600) * 1000).toISOString().slice(0, 19)}Z`;
        lines.push(roleRecord(`worker-${role}`, `AROAWORKER000000000${role}`, time, { session: `run-${hour}`, event: `${hour}-${role}-${i}` }));
      }
    }
  }
  return lines;
}

describe('real logs', () => {
  it.each([
    ['cloudtrail-invictus', { read: 1452, unique: 1452, duplicate: 0, start_record: 0 }, { human: 1386, machine: 2, platform: 64, unknown: 0 }, 11],
    ['cloudtrail-stratus', { read: 178, unique: 178, duplicate: 0, start_record: 0 }, { human: 1, machine: 15, platform: 0, unknown: 162 }, 26],
    ['k8s-perfspec', { read: 12_000, unique: 11_921, duplicate: 0, start_record: 79 }, { human: 0, machine: 3934, platform: 2004, unknown: 5983 }, 40],
  ])('%s counts in every field', async (name, counts, classes, identities) => {
    await bench.open();
    const { tally, byIdentity, unattributed } = await bench.replay(sample(name).join('\n'));
    const found = { human: 0, machine: 0, platform: 0, unknown: 0 };
    const { processor } = bench.core.engine;
    for (const [identity, n] of byIdentity) found[processor.identities.classOf(identity) as 'human'] += n;
    expect(tally).toEqual({ ...counts, rejected: {} });
    expect(found).toEqual(classes);
    expect(unattributed).toBe(0);
    expect(processor.identities.all).toHaveLength(identities);
  });

  it('finds the decommissioned role of the invictus set, exactly one event, and pages its owner', async () => {
    await bench.open(`
owners: [{ team: platform }]
identities:
  - { urn: 'urn:nhi:aws:123837392027:role/stratus-red-team-ec2-enumerate-role', owner: platform, status: decommissioned, decommissioned_at: 2023-07-10T12:00:00Z }
`);
    await bench.replay(sample('cloudtrail-invictus').join('\n'));
    const found = bench.findings().filter((f) => f.detector === 'decommissioned-active');
    expect(found).toMatchObject([{ count: 1, severity: 'critical', owner: 'platform', first: Date.parse('2023-07-10T12:05:16Z') }]);
  });

  it('finds the Prometheus operator of the PerfSPEC set outside its window, and is quiet inside it', async () => {
    const inventory = (cron: string) => `
owners: [{ team: observability, enforce: true }]
identities:
  - urn: urn:nhi:k8s:test:service_account/kube-prometheus-stack/my-kube-prometheus-stack-operator
    owner: observability
    schedule: { windows: [{ cron: '${cron}', duration: 1h }] }
`;
    await bench.open(inventory('0 2 * * *'));
    await bench.replay(sample('k8s-perfspec').join('\n'));
    expect(bench.findings().filter((f) => f.detector === 'outside-schedule')).toMatchObject([{ count: 1030, severity: 'critical', owner: 'observability' }]);
    await bench.close();
    bench.remove();
    bench = new Bench();
    await bench.open(inventory('0 18 * * *'));
    await bench.replay(sample('k8s-perfspec').join('\n'));
    expect(bench.findings().filter((f) => f.detector === 'outside-schedule')).toEqual([]);
  });

  it('is useful without an inventory: tickets, never a page', async () => {
    await bench.open();
    await bench.replay(sample('cloudtrail-stratus').join('\n'));
    const found = bench.findings();
    const tickets = new Set(found.filter((f) => ['unbaselined-sensitive-use', 'monitoring-tampering'].includes(f.detector)).map((f) => f.identity));
    expect(found.every((f) => f.severity !== 'critical')).toBe(true);
    expect(tickets.size).toBeGreaterThanOrEqual(18);
    expect(found.some((f) => f.identity.includes('nmfalu'))).toBe(false);
  });
});

describe('the same state', () => {
  const lines = weeks();
  const whole = async (...bodies: string[][]) => {
    const other = new Bench();
    await other.open();
    for (const body of bodies) await other.replay(body.join('\n'));
    const digest = await other.digest();
    await other.close();
    other.remove();
    return digest;
  };

  it('whether the records come in order, shuffled, twice, in other files, or cut in two and continued', async () => {
    const plain = await whole(lines);
    expect(await whole(shuffled(lines, 11))).toBe(plain);
    expect(await whole([...lines, ...shuffled(lines, 5)])).toBe(plain);
    expect(await whole(lines.slice(0, 2500), lines.slice(2500))).toBe(plain);
    expect(await whole(lines, shuffled(lines, 3))).toBe(plain);
    expect(await whole(lines.slice(1))).not.toBe(plain);
  }, 180_000);

  it('when both stages of a request come in either order, also when they disagree', async () => {
    const stages = sample('k8s-perfspec').filter((l) => l.includes('"verb":"watch"')).slice(0, 120).flatMap((line) => {
      const record = JSON.parse(line) as Record<string, unknown>;
      return [{ ...record, stage: 'ResponseStarted', responseStatus: { code: 200 } }, { ...record, stage: 'ResponseComplete', responseStatus: { code: 403 } }].map((r) => JSON.stringify(r));
    });
    const digests = new Set<string>();
    for (const order of [stages, [...stages].reverse(), shuffled(stages, 9)]) {
      const other = new Bench();
      await other.open();
      const receipt = await other.ingest(order.join('\n'), { backfill: true });
      expect([receipt.accepted, receipt.start_record]).toEqual([stages.length / 2 - receipt.duplicate / 2, stages.length / 2 - receipt.duplicate / 2]);
      digests.add(await other.digest());
      const { denied, success } = other.core.engine.processor.identities.all.reduce((sum, i) => ({ denied: sum.denied + i.denied, success: sum.success + i.success }), { denied: 0, success: 0 });
      expect([denied > 0, success]).toEqual([true, 0]);
      await other.close();
      other.remove();
    }
    expect(digests.size).toBe(1);
  });

  it('after a stop and a start, from the last cut and the tail', async () => {
    await bench.open();
    await bench.replay(lines.slice(0, 3000).join('\n'));
    await bench.close();
    await bench.open();
    await bench.replay(lines.join('\n'));
    expect(await bench.digest()).toBe(await whole(lines));
  });

  it('learns an hour only when it closes, and finds the flood', async () => {
    await bench.open();
    await bench.replay(lines.join('\n'));
    expect(bench.findings().filter((f) => f.detector === 'volume')).toMatchObject([
      { identity: 'urn:nhi:aws:111122223333:role/worker-3', severity: 'warning', provisional: false, count: 200 },
    ]);
  });

  it('says nothing of volume on a short sample', async () => {
    await bench.open();
    await bench.replay(lines.slice(0, 400).join('\n'));
    expect(bench.findings().filter((f) => f.detector === 'volume')).toEqual([]);
  });
});
