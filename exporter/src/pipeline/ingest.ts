import { setImmediate as breathe } from 'node:timers/promises';
import {
  Overloaded, RejectedRecord, type Bytes, type EntryBody, type Ingest, type IngestHint, type Millis, type NhiEvent, type Receipt,
  type RejectReason, type Source, type SourceContext, type Telemetry,
} from '@remit/contract';
import { EventList } from '../lib/event-codec.ts';
import { inflate, InflateError } from '../lib/inflate.ts';
import { records } from '../lib/records.ts';
import type { Applied } from './parts.ts';
import { Normaliser } from './normalise.ts';

const MAX_AGE: Millis = 7 * 86_400_000;
/** What was sent as history and is older than this, is. */
const LATE: Millis = 3_600_000;
const MAX_AHEAD: Millis = 3_600_000;
/** Events of a journal entry, and records between two breaths: a turn of the loop stays within a few milliseconds. */
const BATCH_EVENTS = 125;
const SLICE_RECORDS = 125;
const LISTED = 100;

export interface IngestOptions {
  sources: readonly Source[];
  /** Resolves when the entry is durable and applied. */
  submit(entry: EntryBody): Promise<Applied>;
  telemetry: Pick<Telemetry, 'rejected' | 'delay' | 'acknowledged'>;
  now(): Millis;
  cluster: string;
  /** What may be known of the arguments of tools; absent: nothing. */
  values?: SourceContext['values'];
  bytesLimit?: number;
}

/**
 * The door: inflates, splits, normalises and journals a body; answers when everything valid in it is durable and applied. Long
 * bodies are worked in slices, so that the loop stays free; each 125 events are one journal entry.
 */
export class IngestDoor implements Ingest {
  bytesInFlight = 0;
  readonly bytesLimit: number;
  readonly #options: IngestOptions;
  readonly #normaliser: Normaliser;

  constructor(options: IngestOptions) {
    this.#options = options;
    this.#normaliser = new Normaliser(options.sources);
    this.bytesLimit = options.bytesLimit ?? 64 << 20;
  }

  async accept(body: Bytes, hint: IngestHint): Promise<Receipt> {
    if (this.bytesInFlight > 0 && this.bytesInFlight + body.length > this.bytesLimit) throw new Overloaded('too many bytes are in flight');
    const started = performance.now();
    let held = body.length;
    this.bytesInFlight += held;
    try {
      const intake = new Intake(this.#options, this.#normaliser, hint);
      const inflated = await intake.inflate(body);
      this.bytesInFlight += inflated.length;
      held += inflated.length;
      await intake.read(inflated);
      const receipt = await intake.finish();
      this.#options.telemetry.acknowledged(hint.receiver, (performance.now() - started) / 1000);
      return receipt;
    } finally {
      this.bytesInFlight -= held;
    }
  }
}

/** One body on its way in. */
class Intake {
  readonly #o: IngestOptions;
  readonly #normaliser: Normaliser;
  readonly #hint: IngestHint;
  readonly #receivedAt: Millis;
  readonly #feed: string;
  #named: Source | null = null;
  #batch = new EventList();
  #submitted: Promise<Applied>[] = [];
  #truncated = false;
  #next = 0;
  readonly #receipt: Receipt = { accepted: 0, duplicate: 0, start_record: 0, rejected: [], rejected_total: 0 };

  constructor(options: IngestOptions, normaliser: Normaliser, hint: IngestHint) {
    this.#o = options;
    this.#normaliser = normaliser;
    this.#hint = hint;
    this.#receivedAt = options.now();
    this.#feed = hint.feed ?? hint.receiver;
  }

  async inflate(body: Bytes): Promise<Bytes> {
    try {
      const { bytes, truncated } = await inflate(body, this.#hint.encoding);
      this.#truncated = truncated;
      return bytes;
    } catch (error) {
      if (!(error instanceof InflateError)) throw error;
      this.#reject(0, error.reason, error.message, 'unknown');
      return new Uint8Array(0);
    }
  }

  async read(bytes: Bytes): Promise<void> {
    if (this.#hint.source !== undefined) {
      try {
        this.#named = this.#normaliser.named(this.#hint.source);
      } catch (error) {
        if (error instanceof RejectedRecord) return this.#reject(0, error.reason, error.message, 'unknown');
        throw error;
      }
    }
    const context = { feed: this.#feed, cluster: this.#hint.cluster ?? this.#o.cluster, receivedAt: this.#receivedAt, values: this.#o.values };
    for (const found of records(bytes, { reader: this.#normaliser.reader(this.#named) })) {
      this.#next = found.index + 1;
      if ('reject' in found) this.#reject(found.index, found.reject, found.detail, this.#named?.id ?? 'unknown');
      else {
        const result = this.#normaliser.record(found.value, this.#named, context);
        if ('reason' in result) this.#reject(found.index, result.reason, result.detail, result.source);
        else for (const event of result.events) this.#take(found.index, event);
      }
      if (this.#batch.events.length >= BATCH_EVENTS) this.#submit();
      if (found.index % SLICE_RECORDS === SLICE_RECORDS - 1) await breathe();
    }
    if (this.#truncated && this.#receipt.rejected.at(-1)?.reason !== 'truncated') {
      this.#reject(this.#next, 'truncated', 'the compressed body ends early; what could be read was taken', 'unknown');
    }
  }

  async finish(): Promise<Receipt> {
    this.#submit();
    for (const applied of await Promise.all(this.#submitted)) {
      this.#receipt.accepted += applied.unique;
      this.#receipt.duplicate += applied.duplicate;
      this.#receipt.start_record += applied.start_record;
    }
    return this.#receipt;
  }

  #take(index: number, event: NhiEvent): void {
    const age = this.#receivedAt - event.time;
    if (age > MAX_AGE && !this.#hint.backfill) {
      this.#reject(index, 'too_old', 'older than 7 days; send history with ?mode=backfill', event.metadata.source);
    } else if (-age > MAX_AHEAD) {
      this.#reject(index, 'future', 'more than an hour ahead of this clock', event.metadata.source);
    } else {
      // History is not late: it was never on its way.
      if (!this.#hint.backfill || age < LATE) this.#o.telemetry.delay(event.metadata.source, Math.max(0, age) / 1000);
      this.#batch.add(event);
    }
  }

  #submit(): void {
    if (this.#batch.events.length === 0) return;
    const events = this.#batch.close();
    this.#batch = new EventList();
    const submitted = this.#o.submit({ type: 'batch', receivedAt: this.#receivedAt, feed: this.#feed, backfill: this.#hint.backfill ?? false, events });
    submitted.catch(() => {});
    this.#submitted.push(submitted);
  }

  #reject(index: number, reason: RejectReason, detail: string, source: string): void {
    this.#receipt.rejected_total++;
    if (this.#receipt.rejected.length < LISTED) this.#receipt.rejected.push({ index, reason, detail });
    this.#o.telemetry.rejected(source, reason, 1);
  }
}
