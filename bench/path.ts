import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openCore, sources, type Core } from '../exporter/src/app.ts';
import { loadConfig } from '../exporter/src/config.ts';
import { IngestDoor } from '../exporter/src/pipeline/ingest.ts';
import { pack, Retelling, SAMPLES, type Corpus } from './corpus.ts';
import { Fleet, fleetInventory } from './fleet.ts';
import { alternate, costs, figure, type Figure } from './measure.ts';
import { Random } from './random.ts';

const RECORDS = 20_000;
const BODY = 1000;
const ROUNDS = 5;
/** What is measured is a service that has run for a while: the first rounds are V8's, which compiles on other threads. */
const WARM = 4;
/** Bodies under way at once: enough that the journal's thread has something to do. */
const AT_ONCE = 4;
const HOUR = 3_600_000;
const START = Date.UTC(2026, 0, 12, 9);
/** Milliseconds of event time between two records: four hours close in a run. */
const STEP = (5 * HOUR) / RECORDS;

/** Identities of the samples that have a record, so that their events are judged against something. */
const KNOWN = [
  {
    urn: 'urn:nhi:k8s:default:service_account/kube-prometheus-stack/my-kube-prometheus-stack-operator', owner: 'jobs', kind: 'service_account',
    schedule: { windows: [{ cron: '0 8 * * *', duration: '8h', timezone: 'UTC' }] },
    actions: ['k8s:get:*', 'k8s:list:*', 'k8s:watch:*', 'k8s:update:*', 'k8s:patch:*', 'k8s:create:*', 'k8s:delete:*'],
  },
  { urn: 'urn:nhi:k8s:default:service_account/cert-manager/my-cert-manager-startupapicheck', owner: 'jobs', kind: 'service_account', actions: ['k8s:*'] },
  {
    urn: 'urn:nhi:aws:123837392027:role/stratus-red-team-ec2-enumerate-role', owner: 'jobs', kind: 'workload', status: 'decommissioned',
    decommissioned_at: '2026-01-12T13:59:00Z',
  },
];

/**
 * The whole path in one process without HTTP: body → records → events → durable journal → de-duplication → identity → every
 * detector, against `JSON.parse` of the same lines in the same run. CPU is that of all threads.
 */
export async function measurePath(say: (text: string) => void): Promise<Figure[]> {
  const figures: Figure[] = [];
  const folder = mkdtempSync(join(tmpdir(), 'remit-bench-'));
  try {
    mkdirSync(join(folder, 'inventory'));
    for (const [file, text] of Object.entries(fleetInventory(5000, 3, 9, KNOWN))) writeFileSync(join(folder, 'inventory', file), text);
    for (const corpus of corpora()) {
      say(`path: ${corpus.name}, ${corpus.records} records, ${(corpus.bytes / 2 ** 20).toFixed(0)} MiB`);
      figures.push(...await measureCorpus(corpus, folder));
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return figures;
}

function* corpora(): Iterable<Corpus> {
  for (const [name, samples] of Object.entries(SAMPLES)) yield pack(name, new Retelling(samples, new Random(1), START, STEP), RECORDS, BODY);
  yield pack('fleet', new Fleet(5000, new Random(2), START, STEP), RECORDS, BODY);
}

type Way = 'parse' | 'gzip' | 'plain';
const WAYS: readonly Way[] = ['parse', 'gzip', 'plain'];

async function measureCorpus(corpus: Corpus, folder: string): Promise<Figure[]> {
  const taken: Record<Way, { cpu: number[]; wall: number[] }> = { parse: { cpu: [], wall: [] }, gzip: { cpu: [], wall: [] }, plain: { cpu: [], wall: [] } };
  const cuts: number[] = [];
  await alternate(ROUNDS, WAYS, async (way, counts) => {
    const cost = way === 'parse' ? await costs(() => parseLines(corpus)) : await through(corpus, way, folder, cuts);
    if (!counts) return;
    taken[way].cpu.push(cost.cpu);
    taken[way].wall.push(cost.wall);
  }, WARM);
  const { parse, gzip, plain } = taken;
  const ratio = (of: number[], to: number[]) => of.map((value, i) => value / to[i]!);
  const rate = (seconds: number[]) => seconds.map((s) => corpus.records / s);
  const name = (rest: string) => `path_${corpus.name}_${rest}`;
  return [
    figure(name('gzip_cpu_ratio'), ratio(parse.cpu, gzip.cpu), { least: 0.3 }),
    figure(name('gzip_wall_ratio'), ratio(parse.wall, gzip.wall)),
    figure(name('plain_cpu_ratio'), ratio(parse.cpu, plain.cpu), { least: 0.3 }),
    figure(name('plain_wall_ratio'), ratio(parse.wall, plain.wall)),
    figure(name('gzip_events_per_cpu_second'), rate(gzip.cpu)),
    figure(name('plain_events_per_cpu_second'), rate(plain.cpu)),
    figure(name('json_parse_events_per_cpu_second'), rate(parse.cpu)),
    figure(name('cut_cpu_ms'), cuts.map((s) => s * 1000)),
  ];
}

/** What the path is compared with: every line to an object, and nothing else. */
function parseLines({ bodies, records }: Corpus): void {
  let parsed = 0;
  for (const { plain } of bodies) {
    for (let start = 0, end; start < plain.length; start = end + 1) {
      end = plain.indexOf(0x0a, start);
      if (JSON.parse(plain.toString('utf8', start, end)) !== null) parsed++;
    }
  }
  if (parsed !== records) throw new Error(`${parsed} of ${records} lines parsed`);
}

async function through(corpus: Corpus, way: 'gzip' | 'plain', folder: string, cuts: number[]): Promise<{ cpu: number; wall: number }> {
  const storage = mkdtempSync(join(folder, 'storage-'));
  const core = await openCore({ storage, config: loadConfig(undefined).config });
  try {
    const { ok, problems } = await core.loadInventory(join(folder, 'inventory'), START - HOUR);
    if (!ok) throw new Error(`the inventory was refused: ${problems[0]?.message}`);
    const cost = await costs(() => feed(core, corpus, way));
    cuts.push((await costs(() => core.engine.cut())).cpu);
    return cost;
  } finally {
    await core.close();
    rmSync(storage, { recursive: true, force: true });
  }
}

/** Sends every body, a few at once, and a tick at every quarter of an hour that the events reach. */
export async function feed(core: Core, { bodies, records }: Corpus, way: 'gzip' | 'plain'): Promise<void> {
  let now = START;
  const door = new IngestDoor({
    sources, submit: (entry) => core.engine.submit(entry), now: () => now, cluster: 'default',
    telemetry: { rejected: () => {}, delay: () => {}, acknowledged: () => {} },
  });
  let taken = 0;
  let ticked = START;
  const open = new Set<Promise<void>>();
  for (const body of bodies) {
    now = body.last;
    if (now - ticked >= HOUR / 4) {
      ticked = now;
      await core.engine.submit({ type: 'tick', now, idle: [] });
    }
    const accepting = door.accept(body[way], { receiver: 'bench' }).then(({ accepted, start_record, duplicate, rejected_total }) => {
      taken += accepted + start_record + duplicate;
      if (rejected_total > 0) throw new Error('a record was refused');
      open.delete(accepting);
    });
    open.add(accepting);
    if (open.size >= AT_ONCE) await Promise.race(open);
  }
  await Promise.all(open);
  if (taken !== records) throw new Error(`${taken} of ${records} records were taken`);
}
