import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Bench, roleRecord, sample } from '../support/bench.ts';

let bench: Bench;
beforeEach(() => { bench = new Bench(); });
afterEach(async () => {
  await bench.close();
  bench.remove();
});
const urn = (name: string) => `urn:nhi:aws:111122223333:role/${name}`;
const events = (name: string) => {
  const identity = bench.core.engine.processor.identities.get(urn(name));
  return identity ? identity.success + identity.failure + identity.denied : 0;
};

describe('one durable identity', () => {
  it('is a role in three sessions: an instance, a name made by an SDK, no session context', async () => {
    await bench.open();
    await bench.replay([
      roleRecord('exporter', 'AROAEXPORTER00000001', '2026-11-20T10:00:00Z', { session: 'i-0a1b2c3d4e5f60718' }),
      roleRecord('exporter', 'AROAEXPORTER00000001', '2026-11-20T10:01:00Z', { session: 'aws-go-sdk-1722455550269043000' }),
      roleRecord('exporter', 'AROAEXPORTER00000001', '2026-11-20T10:02:00Z', { session: false }),
      roleRecord('exporter', '', '2026-11-20T10:03:00Z', { session: false }),
    ].join('\n'));
    expect(bench.urns()).toEqual([urn('exporter')]);
    expect(events('exporter')).toBe(4);
  });

  it('is a key of a person that a record names, apart from the person: also in the archive and after a restart', async () => {
    const { StateReader } = await import('../../exporter/src/pipeline/reader.ts');
    const records = sample('cloudtrail-invictus').filter((line) => line.includes('"bert-jan"')).slice(0, 400);
    const [person, key] = ['urn:nhi:aws:123837392027:user/bert-jan', 'urn:nhi:aws:123837392027:access_key/AKIATFQR7NSC8Q4X20BJ'];
    const ofKey = records.filter((line) => line.includes('"AKIATFQR7NSC8Q4X20BJ"')).length;
    await bench.open(`
owners: [{ team: a }]
identities: [{ urn: '${key}', kind: cicd, owner: a, aliases: [{ type: access_key, value: AKIATFQR7NSC8Q4X20BJ }] }]
`);
    await bench.replay(records.join('\n'));
    const seen = async () => {
      const { processor } = bench.core.engine;
      const reader = new StateReader(() => processor, () => bench.core.journal, () => Promise.reject(new Error('not asked')));
      const counted = (urn: string) => (({ success, failure, denied }) => success + failure + denied)(processor.identities.get(urn)!);
      const archived = async (urn: string) => (await reader.events({ identity: [urn], limit: 1000 })).items.filter(({ actor }) => actor.identity.urn === urn).length;
      return { counted: [counted(person), counted(key)], archived: [await archived(person), await archived(key)], classes: [person, key].map((urn) => processor.identities.classOf(processor.identities.get(urn)!)) };
    };
    const expected = { counted: [records.length - ofKey, ofKey], archived: [records.length - ofKey, ofKey], classes: ['human', 'machine'] };
    expect(ofKey).toBeGreaterThan(100);
    expect(await seen()).toEqual(expected);
    await bench.close();
    await bench.open();
    expect(await seen()).toMatchObject({ counted: expected.counted, archived: expected.archived });
  });

  it('is another one when the name comes back with a new id; events with the name alone go to the id of their time', async () => {
    await bench.open();
    await bench.replay([
      roleRecord('exporter', '', '2026-11-20T09:59:00Z', { session: false }),
      roleRecord('exporter', 'AROAEXPORTER00000001', '2026-11-20T10:00:00Z'),
      roleRecord('exporter', '', '2026-11-20T10:30:00Z', { session: false }),
      roleRecord('exporter', 'AROAEXPORTER00000002', '2026-11-20T11:00:00Z'),
      roleRecord('exporter', '', '2026-11-20T11:30:00Z', { session: false }),
    ].join('\n'));
    expect(bench.urns()).toEqual([urn('exporter'), `${urn('exporter')}@AROAEXPORTER00000002`]);
    expect(events('exporter')).toBe(3);
    expect(events('exporter@AROAEXPORTER00000002')).toBe(2);
  });

  it('keeps the order of the ids of a name through a restart', async () => {
    await bench.open();
    // The older one is seen last.
    await bench.replay(roleRecord('exporter', 'AROAEXPORTER00000002', '2026-11-20T11:00:00Z'));
    await bench.replay(roleRecord('exporter', 'AROAEXPORTER00000001', '2026-11-20T10:00:00Z'));
    await bench.close();
    await bench.open();
    await bench.replay([
      roleRecord('exporter', '', '2026-11-20T10:30:00Z', { session: false }), roleRecord('exporter', '', '2026-11-20T11:30:00Z', { session: false }),
      roleRecord('exporter', '', '2026-11-20T11:40:00Z', { session: false }),
    ].join('\n'));
    expect([events('exporter'), events('exporter@AROAEXPORTER00000002')]).toEqual([2, 3]);
  });

  it('keeps what its credentials did when an older holder of its name shows late', async () => {
    await bench.open();
    const old = roleRecord('exporter', 'AROAEXPORTER00000001', '2026-11-22T11:30:00Z', { key: 'ASIAEXPORTER00000001' });
    const recreated = roleRecord('exporter', 'AROAEXPORTER00000002', '2026-11-22T11:40:00Z', { key: 'ASIAEXPORTER00000002' });
    for (const order of [[old, recreated], [recreated, old]]) {
      const other = await new Bench().open();
      for (const record of order) await other.ingest(record);
      const kept = [...other.core.engine.processor.chains.all].map(({ urn, steps }) => [urn, JSON.stringify(steps).match(/ASIA\w+/)?.[0]]);
      expect(Object.fromEntries(kept)).toEqual({ [urn('exporter')]: 'ASIAEXPORTER00000001', [`${urn('exporter')}@AROAEXPORTER00000002`]: 'ASIAEXPORTER00000002' });
      await other.close();
      other.remove();
    }
  });

  it('is found whatever comes first: the name alone, an old id, a new one', async () => {
    const name = roleRecord('exporter', '', '2026-11-22T11:50:00Z', { session: false });
    const old = roleRecord('exporter', 'AROAEXPORTER00000001', '2026-11-22T11:30:00Z');
    const recreated = roleRecord('exporter', 'AROAEXPORTER00000002', '2026-11-22T11:40:00Z');
    for (const order of [[name, old, recreated], [old, recreated, name], [recreated, name, old]]) {
      const other = await new Bench().open(`
owners: [{ team: a, enforce: true }]
identities: [{ urn: '${urn('exporter')}', owner: a, status: decommissioned, decommissioned_at: 2026-11-22T11:35:00Z }]
`);
      for (const record of order) await other.ingest(record);
      const owners = Object.fromEntries([...other.core.engine.processor.identities.natives.all.values()].map((n) => [n.uid, n.urn]));
      expect(owners).toMatchObject({ AROAEXPORTER00000001: urn('exporter'), AROAEXPORTER00000002: `${urn('exporter')}@AROAEXPORTER00000002` });
      await other.close();
      other.remove();
    }
    await bench.open();
  });

  it('that was recreated does not inherit the record of the old name', async () => {
    await bench.open(`
owners: [{ team: a, enforce: true }]
identities: [{ urn: '${urn('exporter')}', owner: a, status: decommissioned, decommissioned_at: 2026-11-19T00:00:00Z }]
`);
    await bench.replay([
      roleRecord('exporter', 'AROAEXPORTER00000001', '2026-11-18T10:00:00Z'), roleRecord('exporter', 'AROAEXPORTER00000002', '2026-11-20T11:00:00Z'),
    ].join('\n'));
    expect(bench.findings().filter((f) => f.detector === 'decommissioned-active')).toEqual([]);
  });

  it('that acts in the name of another is judged for that; the act counts once, for the other', async () => {
    const account = (name: string) => `urn:nhi:k8s:test:service_account/shop/${name}`;
    await bench.open(`
owners: [{ team: a }]
identities:
  - { urn: '${account('gone')}', kind: workload, owner: a, status: decommissioned, decommissioned_at: 2026-11-10T00:00:00Z }
  - { urn: '${account('other')}', kind: workload, owner: a, actions: ['k8s:*'] }
`);
    const user = (name: string) => ({ username: `system:serviceaccount:shop:${name}` });
    await bench.replay(JSON.stringify({
      kind: 'Event', apiVersion: 'audit.k8s.io/v1', level: 'Metadata', auditID: 'a-1', stage: 'ResponseComplete', requestURI: '/api/v1/namespaces/shop/secrets/db', verb: 'get',
      user: { ...user('gone'), uid: 'u-1' }, impersonatedUser: user('other'), objectRef: { resource: 'secrets', namespace: 'shop', apiVersion: 'v1', name: 'db' },
      responseStatus: { code: 200 }, requestReceivedTimestamp: '2026-11-20T10:00:00.000000Z', stageTimestamp: '2026-11-20T10:00:00.000000Z',
    }));
    const { processor } = bench.core.engine;
    expect(bench.findings().filter(({ severity }) => severity === 'critical').map(({ detector, identity }) => [detector, identity])).toEqual([['decommissioned-active', account('gone')]]);
    expect(['gone', 'other'].map((name) => processor.identities.get(account(name))?.success)).toEqual([0, 1]);
    expect([...processor.counters.values()].flat().reduce((a, b) => a + b)).toBe(1);
  });

  it('gathers several aliases of one record', async () => {
    await bench.open(`
owners: [{ team: a }]
identities:
  - urn: urn:nhi:agent:acme:ai_agent/export
    owner: a
    aliases: [{ type: aws_unique_id, value: AROAEXPORTER00000001 }, { type: arn, value: 'arn:aws:iam::111122223333:role/second' }]
`);
    await bench.replay([
      roleRecord('first', 'AROAEXPORTER00000001', '2026-11-20T10:00:00Z'), roleRecord('second', 'AROASECOND0000000002', '2026-11-20T11:00:00Z'),
    ].join('\n'));
    expect(bench.urns()).toEqual(['urn:nhi:agent:acme:ai_agent/export']);
  });

  it('of a session key is the role it was issued to, and keeps who asked for it', async () => {
    await bench.open();
    const assume = roleRecord('caller', 'AROACALLER0000000001', '2026-11-20T10:00:00Z', {
      operation: 'AssumeRole', service: 'sts.amazonaws.com', extra: {
        responseElements: {
          credentials: { accessKeyId: 'ASIAEXAMPLE000000001', expiration: 'Nov 20, 2026, 11:00:00 AM' },
          assumedRoleUser: { assumedRoleId: 'AROATARGET0000000001:s', arn: 'arn:aws:sts::111122223333:assumed-role/target/s' },
        },
      },
    });
    await bench.replay([assume, roleRecord('target', 'AROATARGET0000000001', '2026-11-20T10:00:00Z', { key: 'ASIAEXAMPLE000000001' })].join('\n'));
    const seen: (string[] | undefined)[] = [];
    for await (const event of bench.core.journal.scan({ from: 0, to: Infinity, principalKeys: ['AROATARGET0000000001'] })) seen.push(event.actor.delegation);
    expect(seen).toHaveLength(1);
    expect(bench.urns()).toEqual([urn('caller'), urn('target')]);
  });
});

describe('who is judged', () => {
  it('is nobody by habits who proves to be a person, also when the proof comes last; what was done to monitoring stays', async () => {
    const lines = sample('cloudtrail-invictus');
    await bench.open();
    await bench.replay(lines.filter((l) => !l.includes('"mfaAuthenticated":"true"') && !l.includes('CheckMfa') && !l.includes('ConsoleLogin')).join('\n'));
    const detectors = () => [...new Set(bench.findings().filter((f) => f.identity.endsWith('user/bert-jan')).map((f) => f.detector))].sort();
    expect(detectors()).toEqual(['monitoring-tampering', 'unbaselined-sensitive-use']);
    await bench.replay(lines.join('\n'));
    expect(detectors()).toEqual(['mixed-use', 'monitoring-tampering']);
  });

  it('is not a proposed record: it approves nothing and pages nobody', async () => {
    await bench.open(`
owners: [{ team: a, enforce: true }]
identities:
  - { urn: '${urn('exporter')}', owner: a, status: proposed, schedule: { windows: [{ cron: '0 2 * * *', duration: 1h }] }, actions: ['aws:sqs:*'] }
`);
    await bench.replay(roleRecord('exporter', 'AROAEXPORTER00000001', '2026-11-20T10:00:00Z'));
    expect(bench.findings().filter((f) => f.class === 'remit')).toEqual([]);
  });

  it('is silenced by an exception in force, for what the exception covers and as long as it lasts', async () => {
    await bench.open(`
owners: [{ team: a, enforce: true }]
identities:
  - urn: '${urn('exporter')}'
    owner: a
    schedule: { windows: [{ cron: '0 2 * * *', duration: 1h }] }
    exceptions: [{ id: migration, detector: outside-schedule, owner: a, reason: moving the data, expires_at: 2026-11-21T00:00:00Z }]
`);
    await bench.replay(roleRecord('exporter', 'AROAEXPORTER00000001', '2026-11-20T10:00:00Z'));
    expect(bench.findings().filter((f) => f.detector === 'outside-schedule')).toMatchObject([{ state: 'silenced', exception: 'migration' }]);
    await bench.replay(roleRecord('exporter', 'AROAEXPORTER00000001', '2026-11-21T10:00:00Z'));
    expect(bench.findings().filter((f) => f.detector === 'outside-schedule').map((f) => f.state).sort()).toEqual(['open', 'silenced']);
  });

  it('by the record of its time: a reload does not judge the past anew', async () => {
    const record = (cron: string) => `
owners: [{ team: a }]
identities: [{ urn: '${urn('exporter')}', owner: a, schedule: { windows: [{ cron: '${cron}', duration: 1h }] } }]
`;
    await bench.open(record('0 10 * * *'));
    const reload = bench.file(record('0 2 * * *'), 'yml');
    await bench.core.loadInventory(reload, Date.parse('2026-11-20T12:00:00Z'));
    await bench.ingest([
      roleRecord('exporter', 'AROAEXPORTER00000001', '2026-11-20T10:05:00Z'), roleRecord('exporter', 'AROAEXPORTER00000001', '2026-11-21T10:05:00Z'),
    ].join('\n'));
    expect(bench.findings().filter((f) => f.detector === 'outside-schedule').map((f) => f.first)).toEqual([Date.parse('2026-11-21T10:05:00Z')]);
  });

  it('by the last good inventory when a file is bad, which is named with line and column', async () => {
    await bench.open(`
owners: [{ team: a }]
identities: [{ urn: '${urn('exporter')}', owner: a, status: decommissioned, decommissioned_at: 2026-11-19T00:00:00Z }]
`);
    const bad = bench.file('owners: [{ team: a }]\nidentities:\n  - urn: urn:nhi:aws:1:role/x\n    ownr: a\n', 'yml');
    const loaded = await bench.core.loadInventory(bad, bench.now);
    expect(loaded).toMatchObject({ ok: false, problems: [{ line: 4, column: 5, severity: 'error' }] });
    await bench.ingest(roleRecord('exporter', 'AROAEXPORTER00000001', '2026-11-22T10:05:00Z'));
    expect(bench.findings().filter((f) => f.detector === 'decommissioned-active')).toHaveLength(1);
  });
});
