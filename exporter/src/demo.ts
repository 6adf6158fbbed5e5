import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Finding, Millis } from '@remit/contract';
import { exampleCases, retold, type ExampleCase } from './demo/cases.ts';
import { fleetInventory } from './demo/fleet.ts';
import { habits, historyFrom } from './demo/habits.ts';
import { SAMPLES } from './demo/samples.ts';
import { shiftTo } from './demo/shift.ts';
import { beginAnew, toldAt } from './demo/telling.ts';
import { verdictsOn } from './demo/verdicts.ts';
import { demoTraffic, demoInventory } from './demo-traffic.ts';
import type { Service, ServiceOptions } from './service.ts';
import { lockStorage } from './store/lock.ts';

const BEAT: Millis = 5000;
export interface Demo { options: ServiceOptions; run(service: Service): Promise<void>; stop(): void }

/**
 * The demo of `npm start`: a storage of its own, an inventory laid over real published audit logs, a little traffic of the present
 * time, and the cases of `examples/`, told as if they happened now. It is continued by further starts for 20 hours, then begins anew.
 * Throws when another process uses its storage.
 */
export function startDemo(options: ServiceOptions): Promise<Demo> {
  const folder = join(options.storagePath, 'demo');
  const inventory = join(folder, 'inventory');
  const now = Date.now();
  mkdirSync(folder, { recursive: true });
  lockStorage(folder).release();
  const told = toldAt(folder, now) ?? beginAnew(folder, now);
  mkdirSync(inventory, { recursive: true });
  writeFileSync(join(inventory, 'demo.yml'), demoInventory(now));
  writeFileSync(join(inventory, 'fleet.yml'), fleetInventory(told));
  const cases = exampleCases().map((story) => retold(story, shiftTo(story.at, told)));
  for (const { id, inventory: files } of cases) for (const [name, text] of files) writeFileSync(join(inventory, `${id}-${name}`), text);
  let timer: NodeJS.Timeout | undefined;
  return Promise.resolve({
    options: { ...options, storagePath: folder, inventoryPath: options.inventoryPath ?? inventory, logLevel: options.logLevel ?? 'error' },
    async run(service) {
      process.stdout.write(`Remit is serving ${service.listening.url}\n`);
      // What is told now happened long ago: a Prometheus that scraped meanwhile would see it as a burst.
      service.metrics.ready = false;
      await loadSamples(service);
      let done = await loadHistory(service, told);
      for (const story of cases) await tell(service, story);
      const { engine } = service.core;
      const known = [...engine.processor.book.open()].map(({ finding }) => finding);
      for (const verdict of verdictsOn(known, told)) await engine.submit({ type: 'verdict', verdict });
      const beat = async () => {
        const from = done;
        done = Date.now();
        await service.door.accept(lines(demoTraffic(done)), { receiver: 'demo', feed: 'demo', source: 'aws-cloudtrail' });
        await live(service, habits(from, done, told));
      };
      await beat();
      timer = setInterval(() => void beat().catch((error: unknown) => service.log.error({ err: error }, 'demo traffic was refused')), BEAT);
      // The fleet as a whole is looked at every five minutes, and was before all this was told.
      service.core.engine.processor.fleet.judgeSoon();
      await service.tick();
      service.metrics.refresh();
      service.metrics.ready = true;
      process.stdout.write(found(service, cases));
    },
    stop: () => clearInterval(timer),
  });
}

/** Once for a storage: afterwards they are in its state, and the second start takes no time. */
async function loadSamples(service: Service): Promise<void> {
  const known = new Set(service.core.engine.processor.feeds.all.map((f) => f.name.split('/')[0]));
  for (const { path, cluster, feed } of SAMPLES) {
    if (known.has(feed)) continue;
    const started = performance.now();
    const receipt = await service.door.accept(readFileSync(path), { receiver: 'demo', feed, cluster, backfill: true });
    process.stdout.write(`  ${basename(path)}: ${receipt.accepted} events in ${((performance.now() - started) / 1000).toFixed(1)} s\n`);
  }
}

/** Once for a storage, then what was done since it was told. Returns until when all is told. */
async function loadHistory(service: Service, told: Millis): Promise<Millis> {
  const now = Date.now();
  const known = service.core.engine.processor.feeds.all.some(({ name }) => name.startsWith('history'));
  const started = performance.now();
  const records = habits(known ? told : historyFrom(told), now, told);
  await live(service, records);
  if (!known) process.stdout.write(`  five weeks of history: ${records.length} records in ${((performance.now() - started) / 1000).toFixed(1)} s\n`);
  return now;
}

/** Those with habits do something every few minutes only: as history, so that a pause of their sources is no news. */
async function live(service: Service, records: readonly object[]): Promise<void> {
  if (records.length > 0) await service.door.accept(lines(records), { receiver: 'demo', feed: 'history', backfill: true });
}

function lines(records: readonly unknown[]): Buffer { return Buffer.from(records.map((record) => JSON.stringify(record)).join('\n')); }

/** As history, so that the silence of their sources afterwards is no news. At a further start all of it are duplicates. */
async function tell(service: Service, { feeds }: ExampleCase): Promise<void> {
  for (const { records } of feeds) {
    await service.door.accept(lines(records), { receiver: 'demo', feed: 'examples', backfill: true });
  }
}

function found(service: Service, cases: readonly ExampleCase[]): string {
  const open = [...service.core.engine.processor.book.open()].map((k) => k.finding).filter((f) => f.state === 'open');
  const isOf = (f: Finding, story: ExampleCase): boolean => story.found.some(({ identity, detector }) => identity === f.identity && detector === f.detector);
  const told = cases.map((story) => ({ story, finding: open.filter((f) => isOf(f, story)).sort((a, b) => a.first - b.first)[0] }));
  const order = ['critical', 'warning', 'info'];
  const others = open.filter((f) => !cases.some((story) => isOf(f, story)))
    .sort((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity) || b.last - a.last);
  const { url } = service.listening;
  return `
The cases of examples/, as of now:
${told.map(({ story, finding }) => `  ${story.title}\n${finding ? described(finding, '    ') : '    not found'}`).join('\n')}

${open.length} findings are open, ${open.filter((f) => f.severity === 'critical').length} of them would page. Beside these:
${others.slice(0, 3).map((f) => described(f, '  ')).join('\n')}

Look next at
  ${url}/          what needs attention, and why
  ${url}/metrics   what Prometheus scrapes: rules/ holds the alerts
  examples/                      the cases: events, inventory, what is found and what stays quiet
  README.md                      how to send your own logs
Ctrl-C stops.
`;
}

function described({ severity, detector, identity, owner, reason }: Finding, indent: string): string {
  const what = severity === 'critical' ? 'pages' : severity === 'warning' ? 'ticket for' : 'noted for';
  return `${indent}${what} ${owner ?? 'nobody'}: ${detector}, ${identity}\n${indent}  ${reason}`;
}
