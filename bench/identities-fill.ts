import { openCore, sources, type Core } from '../exporter/src/app.ts';
import { loadConfig } from '../exporter/src/config.ts';
import { IngestDoor } from '../exporter/src/pipeline/ingest.ts';
import { fleetRecord } from './fleet.ts';
import type { Held } from './identities.ts';
import { Random } from './random.ts';

const HOUR = 3_600_000;
const BODY = 1000;

/**
 * The process whose memory is measured: gives every identity a closed hour and, when it is told to, an open one. Leaves the
 * state in the storage folder.
 */
const [storage, count, withOpen] = process.argv.slice(2);
const identities = Number(count);
process.on('disconnect', () => process.exit(1));
const core = await openCore({ storage: storage!, config: loadConfig(undefined).config });
const start = Math.floor(Date.now() / HOUR) * HOUR - 6 * HOUR;
const random = new Random(5);

// What the first events of any kind cost stays out of the account.
await hour(start - 6 * HOUR, 1000);
await pass(start);
const empty = await heldBytes();
await hour(start, identities);
await pass(start + HOUR);
const closed = await heldBytes();
const held: Held = { closed: (closed - empty) / identities, open: null };
if (withOpen === 'true') {
  await hour(start + 3 * HOUR, identities);
  held.open = (await heldBytes() - closed) / identities;
}
await core.close();
process.send!(held, () => process.exit(0));

/** Every identity does one thing within this hour. */
async function hour(at: number, many: number): Promise<void> {
  const door = doorOf(core);
  for (let i = 0; i < many; i += BODY) {
    const lines = Array.from({ length: Math.min(BODY, many - i) }, (_, n) => fleetRecord(i + n, at + 1000 + ((i + n) % 3000) * 1000, random).line);
    const { accepted } = await door.accept(Buffer.from(lines.join('\n')), { receiver: 'bench' });
    if (accepted !== lines.length) throw new Error(`${accepted} of ${lines.length} were accepted`);
  }
}

/** The feed passes an hour, which closes. */
async function pass(end: number): Promise<void> {
  const { accepted } = await doorOf(core).accept(Buffer.from(fleetRecord(0, end + HOUR + 60_000, random).line), { receiver: 'bench' });
  if (accepted !== 1) throw new Error('an event was not accepted');
}

function doorOf({ engine }: Core): IngestDoor {
  return new IngestDoor({
    sources, submit: (entry) => engine.submit(entry), now: Date.now, cluster: 'default',
    telemetry: { rejected: () => {}, delay: () => {}, acknowledged: () => {} },
  });
}

/** Heap and typed arrays after a cut, once the collector has found nothing more to collect. */
async function heldBytes(): Promise<number> {
  await core.engine.cut();
  let least = Infinity;
  for (let i = 0; i < 5; i++) {
    globalThis.gc!();
    await new Promise((done) => setTimeout(done, 50));
    const { heapUsed, external } = process.memoryUsage();
    // Array buffers are part of what is called external.
    least = Math.min(least, heapUsed + external);
  }
  return least;
}
