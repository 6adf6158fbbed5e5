import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Millis } from '@remit/contract';
import type { Service, ServiceOptions } from './service.ts';
import { demoTraffic, demoInventory } from './demo-traffic.ts';

const DATA = fileURLToPath(new URL('../../examples/data/', import.meta.url));
const BEAT: Millis = 5000;
/** The samples, and the cluster their records are of. */
const SAMPLES = [
  { file: 'cloudtrail-invictus.jsonl.gz', cluster: 'none', feed: 'sample-invictus' },
  { file: 'k8s-perfspec.jsonl.gz', cluster: 'perfspec', feed: 'sample-perfspec' },
];

export interface Demo { options: ServiceOptions; run(service: Service): Promise<void>; stop(): void }

/**
 * The demo of `npm start`: a storage of its own, an inventory laid over real published audit logs, and a little traffic of the
 * present time, in which a role works outside its schedule and another one outlives its workload.
 */
export function startDemo(options: ServiceOptions): Promise<Demo> {
  const folder = join(options.storagePath, 'demo');
  const inventory = join(folder, 'inventory');
  mkdirSync(inventory, { recursive: true });
  writeFileSync(join(inventory, 'demo.yml'), demoInventory(Date.now()));
  let timer: NodeJS.Timeout | undefined;
  return Promise.resolve({
    options: { ...options, storagePath: folder, inventoryPath: options.inventoryPath ?? inventory, logLevel: options.logLevel ?? 'warn' },
    async run(service) {
      process.stdout.write(`Remit is serving ${service.listening.url}\n`);
      await loadSamples(service);
      const beat = async () => {
        const body = Buffer.from(demoTraffic(Date.now()).map((e) => JSON.stringify(e)).join('\n'));
        await service.door.accept(body, { receiver: 'demo', feed: 'demo', source: 'aws-cloudtrail' });
      };
      await beat();
      timer = setInterval(() => void beat().catch((error: unknown) => service.log.warn({ err: error }, 'demo traffic was refused')), BEAT);
      await service.tick();
      process.stdout.write(found(service));
    },
    stop: () => clearInterval(timer),
  });
}

/** Once for a storage: afterwards they are in its state, and the second start takes no time. */
async function loadSamples(service: Service): Promise<void> {
  const known = new Set(service.core.engine.processor.feeds.all.map((f) => f.name.split('/')[0]));
  for (const { file, cluster, feed } of SAMPLES) {
    if (known.has(feed)) continue;
    const started = performance.now();
    const receipt = await service.door.accept(readFileSync(join(DATA, file)), { receiver: 'demo', feed, cluster, backfill: true });
    process.stdout.write(`  ${file}: ${receipt.accepted} events in ${((performance.now() - started) / 1000).toFixed(1)} s\n`);
  }
}

function found(service: Service): string {
  const open = [...service.core.engine.processor.book.open()].map((k) => k.finding).filter((f) => f.state === 'open');
  const order = ['critical', 'warning', 'info'];
  open.sort((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity) || b.last - a.last);
  const lines = open.slice(0, 6).flatMap((f) => [`  ${f.severity.toUpperCase().padEnd(9)}${f.detector}  ${f.identity}`, `           ${f.reason}`]);
  const { url } = service.listening;
  return `
${open.length} findings are open, ${open.filter((f) => f.severity === 'critical').length} of them would page:
${lines.join('\n')}

Look next at
  ${url}/          what needs attention, and why
  ${url}/metrics   what Prometheus scrapes: rules/ holds the alerts
  README.md                      how to send your own logs
Ctrl-C stops.
`;
}
