import { afterAll, beforeAll, expect, it } from 'vitest';
import { Bench, roleRecord } from '../support/bench.ts';
import { Asked } from '../support/query.ts';

const at = (text: string) => Date.parse(`2026-11-20T${text}Z`);
const urn = (name: string) => `urn:nhi:aws:111122223333:role/${name}`;
const record = (name: string, more = ''): string => `
  - urn: ${urn(name)}
    kind: workload
    owner: data
    schedule: { windows: [{ cron: '0 2 * * *', duration: 1h, timezone: UTC }] }
    ${more}`;
const INVENTORY = `
owners: [{ team: data, contact: '#data', enforce: true }]
identities: ${record('nightly', `exceptions:
      - { id: late-run, detector: outside-schedule, owner: data, reason: The export is late this week, approved_by: lead, expires_at: 2098-11-27T00:00:00Z }
      - { id: long-over, detector: '*', owner: data, reason: Move to another account, expires_at: 2026-10-01T00:00:00Z }
      - { id: noon, detector: '*', owner: data, reason: Until noon, expires_at: 2026-11-20T12:00:00Z }`)}${record('hourly')}${record('other')}
exceptions:
  - { id: reports, identity: '${urn('*ly')}', detector: off-purpose-action, owner: data, reason: Reports of the year, starts_at: 2098-01-01T00:00:00Z, expires_at: 2098-02-01T00:00:00Z }
`;

const bench = new Bench();
let asked: Asked;
beforeAll(async () => {
  await bench.open(INVENTORY);
  await bench.replay(['nightly', 'hourly', 'other'].flatMap((name) => [14, 15].map((hour) => roleRecord(name, `AROA${name.toUpperCase()}00000000001`, new Date(at(`${hour}:00:00`)).toISOString()))).join('\n'), '');
  await bench.tick(at('16:30:00'));
  asked = await new Asked(bench).open();
}, 60_000);
afterAll(() => asked.end());

const of = async (...names: string[]) => (await asked.rows({
  kind: 'identities', format: 'exceptions', from: at('00:00:00'), to: at('23:59:59'), filters: names.length === 0 ? [] : [{ key: 'identity', op: '=', values: names.map(urn) }],
})).map(({ identity, exception, exception_state: state, ends, hidden_findings: findings, hidden_events: events, last_hidden: last }) => ({ identity, exception, state, ends, findings, events, last }));

it('lists the exceptions that cover an identity, by its record or by a pattern, with their end and what they hid of it', async () => {
  expect(await of('nightly')).toEqual([
    { identity: urn('nightly'), exception: 'noon', state: 'ended', ends: at('12:00:00'), findings: 0, events: 0, last: null },
    { identity: urn('nightly'), exception: 'reports', state: 'pending', ends: Date.UTC(2098, 1, 1), findings: 0, events: 0, last: null },
    { identity: urn('nightly'), exception: 'late-run', state: 'active', ends: Date.UTC(2098, 10, 27), findings: 2, events: 2, last: at('15:00:00') },
  ]);
});

it('lists nothing of an identity whose owner has exceptions for others', async () => {
  expect(bench.findings().some(({ identity, state }) => identity === urn('other') && state === 'open')).toBe(true);
  expect(await of('other')).toEqual([]);
  expect((await of()).map(({ identity, exception }) => `${String(identity)} ${String(exception)}`).sort()).toEqual([`${urn('hourly')} reports`, `${urn('nightly')} late-run`, `${urn('nightly')} noon`, `${urn('nightly')} reports`]);
});
