import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Finding, Millis } from '@remit/contract';
import { exampleCases, retold, type ExampleCase } from './demo/cases.ts';
import { SAMPLES } from './demo/samples.ts';
import { shiftTo } from './demo/shift.ts';
import { beginAnew, toldAt } from './demo/telling.ts';
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
  const cases = exampleCases().map((story) => retold(story, shiftTo(story.at, told)));
  for (const { id, inventory: files } of cases) for (const [name, text] of files) writeFileSync(join(inventory, `${id}-${name}`), text);
  let timer: NodeJS.Timeout | undefined;
  return Promise.resolve({
    options: { ...options, storagePath: folder, inventoryPath: options.inventoryPath ?? inventory, logLevel: options.logLevel ?? 'warn' },
    async run(service) {
      process.stdout.write(`Remit is serving ${service.listening.url}\n`);
      await loadSamples(service);
      for (const story of cases) await tell(service, story);
      const beat = async () => {
        const body = Buffer.from(demoTraffic(Date.now()).map((e) => JSON.stringify(e)).join('\n'));
        await service.door.accept(body, { receiver: 'demo', feed: 'demo', source: 'aws-cloudtrail' });
      };
      await beat();
      timer = setInterval(() => void beat().catch((error: unknown) => service.log.warn({ err: error }, 'demo traffic was refused')), BEAT);
      await service.tick();
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

/** As history, so that the silence of their sources afterwards is no news. At a further start all of it are duplicates. */
async function tell(service: Service, { feeds }: ExampleCase): Promise<void> {
  for (const { records } of feeds) {
    const body = Buffer.from(records.map((record) => JSON.stringify(record)).join('\n'));
    await service.door.accept(body, { receiver: 'demo', feed: 'examples', backfill: true });
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
