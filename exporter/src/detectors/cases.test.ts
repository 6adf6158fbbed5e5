import { readdirSync, readFileSync } from 'node:fs';
import { FLEET, type Detector, type Inventory, type NhiEvent } from '@remit/contract';
import { stringify } from 'yaml';
import { describe, expect, test } from 'vitest';
import { ToolHabits } from '../baseline/tools/habits.ts';
import { loadInventory } from '../inventory/load.ts';
import { HiddenValues } from '../lib/tool-arguments.ts';
import { judgedRuns } from '../pipeline/cases/judged-runs.ts';
import { sources } from '../registry.generated.ts';
import { readCases, refOf, runCase } from './case-harness.ts';
import type { CaseResult, ExpectedFinding, Service } from './case-harness.ts';

/** When the inventories of all cases came into force. */
const IMPORTED = Date.parse('2026-11-10T00:00:00Z');
const values = new HiddenValues(new Uint8Array(8));
/** Learning is the same each time. */
const learned = new WeakMap<readonly NhiEvent[], Map<string, ToolHabits>>();
const service: Service = {
  load, normalise,
  runs: (history, events, inventory) => {
    const how = { habits: learned.get(history)?.get(inventory.revision) ?? new ToolHabits(), conceal: (text: string) => values.hash(text) };
    const known = learned.get(history) ?? new Map<string, ToolHabits>();
    const runs = judgedRuns(how, known.has(inventory.revision) ? [] : history, events, inventory, refOf);
    learned.set(history, known.set(inventory.revision, how.habits));
    return runs;
  },
};
const here = new URL('.', import.meta.url);
const ids = readdirSync(here, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map((entry) => entry.name).sort();
const detectors = new Map<string, Detector>();
for (const id of ids) detectors.set(id, ((await import(`./${id}/detector.ts`)) as { detector: Detector }).detector);

describe.each(ids)('%s', (id) => {
  const detector = detectors.get(id) as Detector;
  const file = readCases(new URL(`${id}/cases.yml`, here).pathname);

  test.each(file.cases.map((one) => [one.name, one] as const))('%s', (_, one) => {
    const results = runCase(detector, file, one, service);
    const wanted: readonly ExpectedFinding[] = one.fires ?? one.silenced ?? [];
    expect(results.map(brief), 'findings, one a line').toHaveLength(wanted.length);
    for (const [index, want] of wanted.entries()) compare(results[index] as CaseResult, want);
    for (const result of results) {
      expect(result.exception === undefined, brief(result)).toBe(one.silenced === undefined);
      checkBounds(result, detector);
      if (result.identity === FLEET) expect(detector.fleet, 'words of its own for the whole fleet').toBeDefined();
    }
  });

  test('has a case of each outcome', () => {
    for (const outcome of ['fires', 'quiet', 'silenced'] as const) {
      expect(file.cases.filter((one) => one[outcome] !== undefined).length, outcome).toBeGreaterThan(0);
    }
    expect(new Set(file.cases.map(({ name }) => name)).size).toBe(file.cases.length);
  });

  test('judges the same events the same way, in any order and again', () => {
    for (const one of file.cases) {
      const keys = (which: typeof one): string[] => runCase(detector, file, which, service).map(brief);
      expect(keys({ ...one, events: [...one.events].reverse() }), one.name).toEqual(keys(one));
    }
  });

  test('is described for the person woken', () => {
    expect(detector.id).toBe(id);
    expect(detector.frameworks.map(({ name }) => name)).toEqual(expect.arrayContaining(['MITRE ATT&CK', 'OWASP NHI', 'NIST CSF', 'NIST SP 800-207']));
    for (const text of [detector.title, detector.summary, detector.firstAction, ...detector.benign, ...Object.values(detector.fleet ?? {})]) {
      expect(text).toMatch(/^[^"\\$`]{10,200}[^.]$/);
    }
    for (const name of detector.summary.match(/\{\w+\}/g) ?? []) expect(['{identity}', '{owner}']).toContain(name);
  });

  test('has a runbook that fits on a screen', () => {
    const runbook = readFileSync(new URL(`${id}/README.md`, here), 'utf8');
    expect(runbook.split('\n').length).toBeLessThanOrEqual(61);
    expect(runbook.startsWith(`# ${id}\n`)).toBe(true);
    for (const heading of ['What it means', 'First', 'Harmless or bad', 'Silence it properly', 'Evasions covered', 'Blind spots']) {
      expect(runbook).toContain(`\n## ${heading}\n`);
    }
    expect(runbook).toContain(`detector: ${id}`);
    expect(runbook).toContain('expires_at:');
  });
});

test('a pattern that means everything is still matched in bounded time', () => {
  const detector = detectors.get('monitoring-tampering') as Detector;
  const file = readCases(new URL('monitoring-tampering/cases.yml', here).pathname);
  const one = { name: 'long', inventory: { owners: [{ team: 'a-team' }], identities: [{ urn: file.identity, owner: 'a-team', actions: [`${'*a'.repeat(100)}b`] }] },
    events: [{ at: '2026-11-22T14:30:00Z', does: `aws:${'a'.repeat(20_000)}`, flags: ['monitoring' as const], became: 'success' as const }] };
  const [result] = runCase(detector, file, one, service);
  checkBounds(result as CaseResult, detector);
});

test('hostile text in every field stays bounded and in one line', () => {
  const text = `${'\u202e\n"}{{$labels}}'.repeat(50_000)}\ud800`;
  const file = readCases(new URL('decommissioned-active/cases.yml', here).pathname);
  for (const detector of detectors.values()) {
    const one = {
      name: 'hostile', inventory: { owners: [{ team: 'a-team' }], identities: [{
        urn: file.identity, owner: 'a-team', kind: 'service_account', actions: ['aws:s3:GetObject'], environments_allowed: ['111122223333'], granted: [{ permission: '*:GetObject' }], decommissioned_at: '2026-01-01T00:00:00Z',
        schedule: { windows: [{ cron: '0 2 * * *', duration: '1m' }] }, tools: [{ name: 'read_file' }], data_classes_allowed: ['public'],
        sequences: [{ name: 'only', steps: ['read_file'] }], forbidden_transitions: ['* -> *'], max_volume: [{ bytes: 1, objects: 1, per: '1h' }],
        rotation: { window: { cron: '0 2 * * *', duration: '1m' }, approved_rotators: ['nobody'], overlap: '1h', interval: '1d' },
      }] },
      events: [0, 1, 2].map((n) => ({
        at: `2026-11-22T14:3${n}:00Z`, ends: `2026-11-22T14:3${n}:01Z`, does: text, to: text, type: text, named: text, with: text, tool: `${text}/${text}`, trace: text,
        session: text, purpose: text, from: text, workload: `${n}${text}`, born: '2026-01-01T00:00:00Z', account: text, region: text, cluster: text, agent: text, through: [text], classified: 'restricted', bytes: 1e9, category: (['read', 'credential_create', 'share'] as const)[n]!,
        issued: { uid: text, type: 'access_key' as const, ...(n === 1 ? {} : { of: text }) }, retired: { uid: text },
        flags: ['monitoring' as const, 'exec' as const], became: 'success' as const,
      })),
    };
    const undeclared = { ...one, inventory: {}, events: one.events.map((event, n) => ({ ...event, flags: [n === 0 ? 'interactive' as const : 'machine' as const] })) };
    const results = [one, undeclared].flatMap((each) => runCase(detector, file, each, service));
    // Hours and the fleet are judged by what the records say, not by the text of an event.
    if (detector.on === 'event' || detector.on === 'chain') expect(results.length, detector.id).toBeGreaterThan(0);
    for (const result of results) checkBounds(result, detector);
  }
});

function normalise(id: string, record: unknown): NhiEvent[] {
  const source = sources.find((one) => one.id === id);
  if (source?.recognises(record) !== true) throw new Error(`no record of ${id}`);
  return source.normalise(record, { feed: 'test', cluster: 'test', receivedAt: IMPORTED });
}

function load(inventory: unknown): Inventory {
  const { inventory: loaded, problems } = loadInventory({ 'cases.yml': stringify(inventory) }, { importedAt: IMPORTED });
  if (loaded === null) throw new Error(JSON.stringify(problems, null, 2));
  return loaded;
}

function compare(result: CaseResult, want: ExpectedFinding): void {
  const { expected, observed, ...exact } = want;
  expect(result).toMatchObject(exact);
  if (expected !== undefined) expect(result.expected).toContain(expected);
  if (observed !== undefined) expect(result.observed).toContain(observed);
}

function brief({ identity, subject, bucket, severity, exception }: CaseResult): string {
  return [identity, subject, bucket, severity, exception ?? '-'].join(' | ');
}

function checkBounds(result: CaseResult, detector: Detector): void {
  const rank = ['info', 'warning', 'critical'];
  for (const signal of result.signals) {
    expect(rank.indexOf(signal.severity ?? detector.severity)).toBeLessThanOrEqual(rank.indexOf(detector.severity));
    expect(signal.subject.length).toBeGreaterThan(0);
    expect(signal.subject.length).toBeLessThanOrEqual(256);
    expect(signal.bucket.length).toBeLessThanOrEqual(64);
    expect(signal.evidence.length).toBeGreaterThan(0);
    expect(signal.evidence.length).toBeLessThanOrEqual(10);
    for (const text of [signal.subject, signal.reason.expected, signal.reason.observed]) {
      expect(text.length).toBeLessThanOrEqual(300);
      expect(text).toMatch(/^[^\p{Cc}\p{Cf}\p{Cs}]*[^.]$/u);
    }
  }
}

