import { appendFile, copyFile, mkdir, mkdtemp, readFile, rename, rm, truncate, unlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Overloaded, StoreFailed } from '@remit/contract';
import { MemoryIngest, receipt } from '../../lib/cases/memory-ingest.ts';
import { FileFollower, type FollowedPath } from './follow.ts';
import { withoutPrefixes } from './lines.ts';

let folder: string;
let ingest: MemoryIngest;
let running: { stop(): Promise<void> } | null;
const said: string[] = [];
const refused: string[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'remit-follow-'));
  await mkdir(join(folder, 'logs'));
  ingest = new MemoryIngest();
  said.length = 0;
  refused.length = 0;
  running = null;
});
afterEach(async () => {
  await running?.stop();
  await rm(folder, { recursive: true, force: true });
});

const at = (name: string): string => join(folder, 'logs', name);
const TIMES = { poll: 15, settle: 120, giveUp: 400 };

function follow(...files: FollowedPath[]): void {
  const signal = new AbortController();
  const say = (_what: object, text: string): void => { said.push(text); };
  const follower = new FileFollower({
    files, checkpoints: join(folder, 'followed-files.json'), log: { info: say, warn: say, error: say }, ...TIMES,
    rejected: (source, reason, count) => { refused.push(`${source} ${reason} ${count}`); },
  });
  const ended = follower.start(ingest, signal.signal);
  running = { stop: async () => { signal.abort(); await ended; running = null; } };
}
const restart = async (...files: FollowedPath[]): Promise<void> => { await running?.stop(); follow(...files); };

/** Lines that were made durable, in order. */
const taken = (): string[] => ingest.bodies.flatMap(({ body }) => Buffer.from(body).toString().split('\n').filter((line) => line !== ''));
const has = (lines: string[]): Promise<void> => expect.poll(taken, { timeout: 4000 }).toEqual(lines) as Promise<void>;
const quiet = (millis = 200): Promise<void> => new Promise((resolve) => { setTimeout(resolve, millis); });
/** Long enough to be told from other lines by its content. */
const line = (id: number | string): string => JSON.stringify({ id, pad: 'x'.repeat(80) });
const lines = (from: number, to: number): string[] => Array.from({ length: to - from + 1 }, (_, i) => line(from + i));
const text = (all: readonly string[]): string => all.map((each) => `${each}\n`).join('');

describe('a growing file', () => {
  test('what is there is history, what is added is not; feed, source and cluster are the configured ones', async () => {
    await writeFile(at('a.log'), text(lines(1, 3)));
    follow({ path: at('a.log'), source: 'vault-audit', feed: 'vault', cluster: 'prod' });
    await has(lines(1, 3));
    await appendFile(at('a.log'), text(lines(4, 4)));
    await has(lines(1, 4));
    const hint = { receiver: 'file', encoding: 'identity', source: 'vault-audit', feed: 'vault', cluster: 'prod' };
    expect(ingest.bodies.map((body) => body.hint)).toEqual([{ ...hint, backfill: true }, { ...hint, backfill: false }]);
  });

  test('half a line waits for its end', async () => {
    await writeFile(at('a.log'), `${line(1)}\n{"id":`);
    follow({ path: at('a.log') });
    await has([line(1)]);
    await quiet(300);
    await appendFile(at('a.log'), '2}\n{"id":3}');
    await has([line(1), '{"id":2}', '{"id":3}']);
    await appendFile(at('a.log'), '\n{"id":4}\n');
    await has([line(1), '{"id":2}', '{"id":3}', '{"id":4}']);
  });

  test('a file that appears later, by name or pattern, is followed and is no history', async () => {
    follow({ path: at('named.log') }, { path: at('*.jsonl') });
    await quiet(60);
    expect(said).toEqual([]);
    await writeFile(at('named.log'), text(lines(1, 1)));
    await has(lines(1, 1));
    await writeFile(at('b.jsonl'), text(lines(2, 2)));
    await has(lines(1, 2));
    expect(ingest.bodies.map((body) => body.hint.backfill)).toEqual([false, false]);
  });

  test('an old file that is put there later is history', async () => {
    follow({ path: at('*.log') });
    await quiet(60);
    await writeFile(`${at('a')}.tmp`, text(lines(1, 1)));
    await utimes(`${at('a')}.tmp`, 1, 1_700_000_000);
    await rename(`${at('a')}.tmp`, at('a.log'));
    await has(lines(1, 1));
    expect(ingest.bodies[0]!.hint.backfill).toBe(true);
  });

  test('what stands before the JSON of a line is taken off', async () => {
    await writeFile(at('a.log'), `@cee: {"id":1}\n2026-11-22T00:00:00Z stdout F {"id":2}\n[vault] {"id":3}\n[{"id":4}]\n  {"id":5}\nno JSON\n`);
    follow({ path: at('a.log') });
    await has(['{"id":1}', '{"id":2}', '{"id":3}', '[{"id":4}]', '  {"id":5}', 'no JSON']);
    const plain = Buffer.from('{"a":1}\n[1]\n');
    expect(withoutPrefixes(plain)).toBe(plain);
  });

  test('a line that is too long is refused and counted, its neighbours are not', async () => {
    await writeFile(at('a.log'), `${line(1)}\n{"x":"${'y'.repeat(17 << 20)}"}\n${line(2)}\n`);
    follow({ path: at('a.log'), source: 'vault-audit' });
    await has([line(1), line(2)]);
    expect(refused).toEqual(['vault-audit too_large 1']);
  });

  test('much is read in pieces of whole lines', async () => {
    const all = lines(1, 40_000);
    await writeFile(at('a.log'), text(all));
    follow({ path: at('a.log') });
    await has(all);
    expect(ingest.bodies.length).toBeGreaterThan(3);
    expect(Math.max(...ingest.bodies.map(({ body }) => body.length))).toBeLessThanOrEqual(1 << 20);
  });
});

describe('rotation', () => {
  test('renamed and made anew: the old one is read to its end, then the new one', async () => {
    await writeFile(at('a.log'), text(lines(1, 2)));
    follow({ path: at('a.log') });
    await has(lines(1, 2));
    await rename(at('a.log'), at('a.log.1'));
    await appendFile(at('a.log.1'), text(lines(3, 3)));
    await writeFile(at('a.log'), text(lines(4, 4)));
    await expect.poll(() => taken().sort()).toEqual(lines(1, 4));
    await appendFile(at('a.log.1'), text(lines(5, 5)));
    await expect.poll(() => taken().sort()).toEqual(lines(1, 5));
  });

  test('while nobody looked: what was not read is found under its new name', async () => {
    await writeFile(at('a.log'), text(lines(1, 2)));
    follow({ path: at('a.log') });
    await has(lines(1, 2));
    await running!.stop();
    await appendFile(at('a.log'), text(lines(3, 3)));
    await rename(at('a.log'), at('a.log.1'));
    await writeFile(at('a.log'), text(lines(4, 4)));
    follow({ path: at('a.log') });
    await expect.poll(() => taken().sort()).toEqual(lines(1, 4));
  });

  test('copied and truncated: the copy is not read again, what comes after is', async () => {
    await writeFile(at('a.log'), text(lines(1, 3)));
    follow({ path: at('a.log*') });
    await has(lines(1, 3));
    await copyFile(at('a.log'), at('a.log.1'));
    await truncate(at('a.log'), 0);
    await appendFile(at('a.log'), text(lines(4, 4)));
    await has(lines(1, 4));
    await quiet();
    await has(lines(1, 4));
  });

  test('truncated and at once longer than before', async () => {
    await writeFile(at('a.log'), text(lines(1, 2)));
    follow({ path: at('a.log') });
    await has(lines(1, 2));
    await writeFile(at('a.log'), text(lines(3, 8)));
    await has(lines(1, 8));
    expect(said).toContain('a followed file was truncated or replaced; reading it from its start');
  });

  test('compressed after it was read: not read again, not even after a restart', async () => {
    await writeFile(at('a.log'), text(lines(1, 30)));
    follow({ path: at('a.log*') });
    await has(lines(1, 30));
    await restart({ path: at('a.log*') });
    await writeFile(at('a.log.1.gz'), gzipSync(text(lines(1, 33))));
    await unlink(at('a.log'));
    await has(lines(1, 33));
    await quiet();
    await has(lines(1, 33));
  });

  test('a deleted file is finished and forgotten', async () => {
    await writeFile(at('a.log'), text(lines(1, 1)));
    follow({ path: at('a.log') });
    await has(lines(1, 1));
    await unlink(at('a.log'));
    await quiet(100);
    await running!.stop();
    expect((JSON.parse(await readFile(join(folder, 'followed-files.json'), 'utf8')) as { files: unknown[] }).files).toEqual([]);
  });
});

describe('compressed files', () => {
  test.each([
    ['lines', (all: string[]) => text(all), lines(1, 3)],
    ['one document', (all: string[]) => `{"Records":[${all.join(',')}]}`, [`{"Records":[${lines(1, 3).join(',')}]}`]],
  ])('are read whole, once: %s', async (_name, write, expected) => {
    await writeFile(at('a.json.gz'), gzipSync(write(lines(1, 3))));
    follow({ path: at('*.gz') });
    await has(expected);
    await restart({ path: at('*.gz') });
    await quiet();
    await has(expected);
    expect(ingest.bodies[0]!.hint.backfill).toBe(true);
  });

  test('one that is still being written is waited for', async () => {
    const packed = gzipSync(text(lines(1, 2000)));
    await writeFile(at('a.gz'), packed.subarray(0, packed.length / 2));
    follow({ path: at('*.gz') });
    await quiet(250);
    await appendFile(at('a.gz'), packed.subarray(packed.length / 2));
    await has(lines(1, 2000));
    expect(refused).toEqual([]);
  });

  test('one that stays cut gives what it has and is counted, a corrupt one too', async () => {
    await writeFile(at('a.gz'), gzipSync(text(lines(1, 2))).subarray(0, -4));
    follow({ path: at('*.gz') });
    await has(lines(1, 2));
    await expect.poll(() => refused).toEqual(['unknown truncated 1']);
    const corrupt = gzipSync(text(lines(3, 3)));
    corrupt[corrupt.length - 6]! ^= 1;
    await writeFile(at('b.gz'), corrupt);
    await expect.poll(() => refused).toEqual(['unknown truncated 1', 'unknown bad_encoding 1']);
  });
});

describe('checkpoints', () => {
  test('a restart goes on where it was, and reads what was added meanwhile', async () => {
    await writeFile(at('a.log'), text(lines(1, 3)));
    follow({ path: at('a.log') });
    await has(lines(1, 3));
    await running!.stop();
    await appendFile(at('a.log'), text(lines(4, 5)));
    follow({ path: at('a.log') });
    await has(lines(1, 5));
    expect(ingest.bodies.at(-1)!.hint.backfill).toBe(false);
  });

  test('what was added while nobody looked for a week is history', async () => {
    await writeFile(at('a.log'), text(lines(1, 3)));
    follow({ path: at('a.log') });
    await has(lines(1, 3));
    await running!.stop();
    const path = join(folder, 'followed-files.json');
    const saved = JSON.parse(await readFile(path, 'utf8')) as { files: { seen: number }[] };
    saved.files[0]!.seen -= 7 * 86_400_000;
    await writeFile(path, JSON.stringify(saved));
    await appendFile(at('a.log'), text(lines(4, 5)));
    follow({ path: at('a.log') });
    await has(lines(1, 5));
    expect(ingest.bodies.at(-1)!.hint.backfill).toBe(true);
  });

  test('nothing counts as read before it is durable: no room, a store that refuses, a stop in between', async () => {
    const answers: (() => Promise<never>)[] = [() => Promise.reject(new Overloaded()), () => Promise.reject(new StoreFailed()), () => Promise.reject(new Error('a fault'))];
    const durable: string[] = [];
    ingest.next = (body) => answers.shift()?.() ?? (durable.push(...Buffer.from(body).toString().trim().split('\n')), Promise.resolve(receipt({ accepted: 1 })));
    await writeFile(at('a.log'), text(lines(1, 3)));
    follow({ path: at('a.log') });
    await expect.poll(() => answers.length).toBe(2);
    await restart({ path: at('a.log') });
    await expect.poll(() => answers.length).toBe(1);
    await restart({ path: at('a.log') });
    await expect.poll(() => answers.length).toBe(0);
    await restart({ path: at('a.log') });
    await expect.poll(() => durable).toEqual(lines(1, 3));
    expect(said).toContain('a piece of a followed file could not be taken; trying again');
  });

  test('checkpoints that cannot be read are said, and the files are read from their start', async () => {
    await writeFile(join(folder, 'followed-files.json'), '{"version":');
    await writeFile(at('a.log'), text(lines(1, 1)));
    follow({ path: at('a.log') });
    await has(lines(1, 1));
    expect(said[0]).toMatch(/checkpoints .* cannot be read/);
  });

  test('records that the pipeline refuses are said, once in a while', async () => {
    ingest.next = () => Promise.resolve(receipt({ rejected: [{ index: 0, reason: 'bad_json', detail: 'no JSON' }] }));
    await writeFile(at('a.log'), 'one\n');
    follow({ path: at('a.log') });
    await has(['one']);
    await appendFile(at('a.log'), 'two\n');
    await has(['one', 'two']);
    expect(said.filter((each) => each === 'records of a followed file were refused')).toHaveLength(1);
  });
});
