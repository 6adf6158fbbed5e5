import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { exampleCases, retold } from '../demo/cases.ts';
import { fleetInventory } from '../demo/fleet.ts';
import { habits, historyFrom } from '../demo/habits.ts';
import { SAMPLES } from '../demo/samples.ts';
import { shiftTo } from '../demo/shift.ts';
import { demoInventory, demoTraffic } from '../demo-traffic.ts';
import { deliver, ready, type Asked } from './ask.ts';
import { UsageError } from './output.ts';

export interface FeedOptions extends Partial<Asked> { output: string; beatFile?: string }

const BEAT = 5000;
const WEEK = 7 * 86_400_000;
const READY_WITHIN = 180_000;

/**
 * `remit demo-feed`: what `npm start` does within one process, from outside. Writes the demo's inventory into a folder, once, and, with
 * an address, sends its samples, stories and a little traffic of the present to the service there until it is stopped. `beatFile` is
 * written anew whenever that traffic was taken.
 */
export async function demoFeed({ output, url, tokenFile, beatFile }: FeedOptions, signal: AbortSignal): Promise<void> {
  const told = write(output);
  if (url === undefined) return;
  const to = { url, ...tokenFile === undefined ? {} : { tokenFile } };
  if (!(await ready(to, READY_WITHIN, signal))) throw new UsageError(`${url} is not ready after ${READY_WITHIN / 1000} s`, 'look at the log of the service');
  for (const { path, cluster, feed } of SAMPLES) await send(to, cluster === 'none' ? '/ingest' : `/k8s/audit/${cluster}`, gunzipSync(readFileSync(path)), feed);
  let done = Date.now();
  // A body has a limit; what was sent before is known.
  for (let from = historyFrom(told); from < told; from += WEEK) await send(to, '/ingest', lines(habits(from, Math.min(from + WEEK, told), told)), 'history');
  await live(to, habits(Math.max(told, done - WEEK), done, told));
  for (const story of exampleCases().map((each) => retold(each, shiftTo(each.at, told)))) {
    for (const { records } of story.feeds) await send(to, '/ingest', lines(records), 'examples');
  }
  process.stdout.write(`The stories are told to ${url}; a little traffic follows every ${BEAT / 1000} s.\n`);
  while (!signal.aborted) {
    const from = done;
    done = Date.now();
    await deliver(to, '/ingest', lines(demoTraffic(done)));
    await live(to, habits(from, done, told));
    if (beatFile !== undefined) writeFileSync(beatFile, new Date(done).toISOString());
    await sleep(BEAT, undefined, { signal }).catch(() => {});
  }
}

/** The inventory and when its stories are told, unless they stand there already: an inventory counts from when it came into force. */
function write(folder: string): number {
  const note = join(folder, 'told.txt');
  try {
    return Number(readFileSync(note, 'utf8'));
  } catch {
    const now = Date.now();
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'demo.yml'), demoInventory(now));
    writeFileSync(join(folder, 'fleet.yml'), fleetInventory(now));
    for (const story of exampleCases()) {
      for (const [name, text] of retold(story, shiftTo(story.at, now)).inventory) writeFileSync(join(folder, `${story.id}-${name}`), text);
    }
    writeFileSync(note, String(now));
    return now;
  }
}

/** As history: the silence of these feeds afterwards is no news. Sent again, all of it are duplicates. */
async function send(to: Asked, path: string, body: Uint8Array<ArrayBuffer>, feed: string): Promise<void> {
  const { accepted, duplicate } = await deliver(to, `${path}?mode=backfill&feed=${feed}`, body);
  process.stdout.write(`  ${feed} ${path}: ${accepted} events${duplicate > 0 ? `, ${duplicate} known` : ''}\n`);
}

/** Those with habits do something every few minutes only: as history, so that a pause of their sources is no news. */
async function live(to: Asked, records: readonly object[]): Promise<void> {
  if (records.length > 0) await deliver(to, '/ingest?mode=backfill&feed=history', lines(records));
}

function lines(records: readonly unknown[]): Buffer<ArrayBuffer> { return Buffer.from(records.map((record) => JSON.stringify(record)).join('\n')); }
