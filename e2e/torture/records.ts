import { gzipSync } from 'node:zlib';
import { Retelling, SAMPLES } from '../../bench/corpus.ts';
import type { Random } from '../../bench/random.ts';
import { sources } from '../../exporter/src/app.ts';
import { Normaliser } from '../../exporter/src/pipeline/normalise.ts';

/** Records that are sent together, with what each counts for: its id within its source, and its identity. */
export interface Batch { lines: string[]; ids: { id: string; urn: string }[]; body: Buffer; gzip: boolean }

const HOUR = 3_600_000;
/** Time between two records: hours pass quickly, and the records of the longest run still lie in the past. */
const STEP = 2000;
const SPAN = 6 * 24 * HOUR;
/** Batches that may be repeated. */
const REPEATED = 32;

/**
 * Real records with new ids, made without end: CloudTrail and Kubernetes, of the last days, in batches of 1 to 150, every
 * fifth of which repeats records of an earlier one.
 */
export class Records {
  readonly #random: Random;
  readonly #tellers: Retelling[];
  readonly #normaliser = new Normaliser(sources);
  readonly #recent: Batch[] = [];

  constructor(random: Random, now: number) {
    this.#random = random;
    this.#tellers = Object.values(SAMPLES).map((samples) => new Retelling(samples, random, now - (now % HOUR) - SPAN, STEP));
  }

  next(): Batch {
    const lines: string[] = [];
    const ids: Batch['ids'] = [];
    const teller = this.#random.pick(this.#tellers);
    for (let n = this.#random.between(1, 150); n > 0; n--) {
      const { line } = teller.next();
      lines.push(line);
      ids.push(this.#counts(line));
    }
    if (this.#recent.length > 0 && this.#random.next() < 0.2) {
      const earlier = this.#random.pick(this.#recent);
      lines.push(...earlier.lines.slice(0, 20));
      ids.push(...earlier.ids.slice(0, 20));
    }
    const gzip = this.#random.next() < 0.5;
    const text = Buffer.from(`${lines.join('\n')}\n`);
    const batch = { lines, ids, body: gzip ? gzipSync(text) : text, gzip };
    if (this.#recent.push(batch) > REPEATED) this.#recent.shift();
    return batch;
  }

  /** In these records every principal has one name and one id, so that its URN needs no history. */
  #counts(line: string): { id: string; urn: string } {
    const result = this.#normaliser.record(JSON.parse(line), null, { feed: 'torture', cluster: 'default', receivedAt: 0 });
    if ('reason' in result) throw new Error(`a sample record was refused: ${result.detail}`);
    const [event] = result.events;
    return { id: `${event!.metadata.source} ${event!.metadata.original_event_uid}`, urn: event!.actor.identity.urn! };
  }
}
