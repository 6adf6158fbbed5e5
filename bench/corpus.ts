import { readFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import { type Random, uuid } from './random.ts';

/** The real logs that ship with the project. */
export const SAMPLES = { cloudtrail: ['cloudtrail-invictus', 'cloudtrail-stratus'], k8s: ['k8s-perfspec'] } as const;

/** One record as a log would have it: a line of JSON, its id, and its time in milliseconds. */
export interface LogRecord { line: string; id: string; time: number }

/** Bodies as a client sends them: records by line, plain and gzipped, in order of time. */
export interface Corpus { name: string; records: number; bytes: number; bodies: { plain: Buffer; gzip: Buffer; last: number }[] }

const ID = /"(?:eventID|auditID)":"([^"]+)"/;
const TIME = /"(eventTime|requestReceivedTimestamp|stageTimestamp)":"[^"]*"/g;

/**
 * Tells the records of a sample again and again, each time with new ids and later times. Records that share an id, such as
 * the stages of one action, still share it afterwards, and its time. `step` is the time between two records.
 */
export class Retelling {
  readonly #lines: { line: string; id: string; words: Uint32Array }[];
  readonly #random: Random;
  readonly #step: number;
  #time: number;
  #next = 0;
  #copy = new Uint32Array(4);
  /** Times of this round by id. */
  readonly #times = new Map<string, number>();

  constructor(samples: readonly string[], random: Random, start: number, step: number) {
    this.#lines = samples.flatMap(readSample).map((line) => {
      const id = ID.exec(line)?.[1] ?? line;
      return { line, id, words: words(id) };
    });
    this.#random = random;
    this.#time = start;
    this.#step = step;
    this.#again();
  }

  next(): LogRecord {
    const { line, id: old, words: own } = this.#lines[this.#next]!;
    const [a, b, c, d] = this.#copy as unknown as [number, number, number, number];
    const id = uuid(own[0]! ^ a, own[1]! ^ b, own[2]! ^ c, own[3]! ^ d);
    const time = this.#times.get(old) ?? this.#time;
    this.#times.set(old, time);
    const iso = new Date(time).toISOString();
    const told = line.replace(old, id).replace(TIME, (_, key: string) => `"${key}":"${key === 'eventTime' ? `${iso.slice(0, 19)}Z` : iso}"`);
    this.#time += this.#step;
    if (++this.#next === this.#lines.length) this.#again();
    return { line: told, id, time };
  }

  #again(): void {
    this.#next = 0;
    this.#times.clear();
    for (let i = 0; i < 4; i++) this.#copy[i] = this.#random.bits();
  }
}

/** Packs records into bodies of `size` records. */
export function pack(name: string, source: { next(): LogRecord }, records: number, size: number): Corpus {
  const corpus: Corpus = { name, records, bytes: 0, bodies: [] };
  for (let done = 0; done < records;) {
    const lines: string[] = [];
    let last = 0;
    for (; lines.length < size && done < records; done++) {
      const record = source.next();
      lines.push(record.line);
      last = record.time;
    }
    const plain = Buffer.from(`${lines.join('\n')}\n`);
    corpus.bytes += plain.length;
    corpus.bodies.push({ plain, gzip: gzipSync(plain), last });
  }
  return corpus;
}

function readSample(name: string): string[] {
  const file = new URL(`../examples/data/${name}.jsonl.gz`, import.meta.url);
  return gunzipSync(readFileSync(file)).toString().split('\n').filter((line) => line !== '');
}

/** The 128 bits of an id; of one that is no UUID, some bits of its text. */
function words(id: string): Uint32Array {
  const hex = id.replace(/[^0-9a-f]/gi, '').padEnd(32, '0');
  return Uint32Array.from([0, 8, 16, 24], (at) => parseInt(hex.slice(at, at + 8), 16));
}
