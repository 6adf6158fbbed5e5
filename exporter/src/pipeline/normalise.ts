import { RejectedRecord, type NhiEvent, type RejectReason, type Source, type SourceContext, type SourceId } from '@remit/contract';
import type { LineReader } from '../lib/records.ts';
import { shippedRecord } from '../lib/shipped-line.ts';
import { Sieve } from '../lib/sieve/sieve.ts';

/** What one record became. */
export type Normalised = { source: SourceId; events: NhiEvent[] } | { source: SourceId | 'unknown'; reason: RejectReason; detail: string };

/** Finds the source of each record, or takes the named one, and normalises it. Remembers the last source: bodies are of one kind. */
export class Normaliser {
  readonly #sources: readonly Source[];
  #last: Source | null = null;

  constructor(sources: readonly Source[]) {
    this.#sources = sources;
  }

  /** Throws when no source has this id. */
  named(id: SourceId): Source {
    const source = this.#sources.find((s) => s.id === id);
    if (!source) throw new RejectedRecord('unknown_shape', `no source is called ${JSON.stringify(id.slice(0, 64))}; there are ${this.#sources.map((s) => s.id).join(', ')}`);
    return source;
  }

  /** Reads the ordinary lines of the named source, else of the one whose record came last. */
  reader(named: Source | null): LineReader {
    return (body) => {
      let source: Source | null = null;
      let read: ReturnType<LineReader> | null = null;
      return (start, end) => {
        const now = named ?? this.#last;
        if (now !== source) {
          source = now;
          read = now?.marks ? sieveOf(now, now.marks).open(body) : null;
        }
        const record = read === null ? null : read(start, end);
        return record !== null && source!.recognises(record) ? record : null;
      };
    };
  }

  record(record: unknown, named: Source | null, context: SourceContext): Normalised {
    const own = this.#read(record, named ?? this.#detect(record), context);
    if (!('reason' in own) || (own.reason !== 'unknown_shape' && own.reason !== 'missing_field')) return own;
    // What is refused may be a shipper's own record around the line that it read.
    const shipped = shippedRecord(record);
    if (shipped === undefined) return own;
    const source = named ?? this.#detect(shipped);
    return source?.recognises(shipped) ? this.#read(shipped, source, context) : own;
  }

  #read(record: unknown, source: Source | null, context: SourceContext): Normalised {
    if (!source) return { source: 'unknown', reason: 'unknown_shape', detail: `no source recognises the record; name it with ?source= if it is one of ${this.#sources.map((s) => s.id).join(', ')}` };
    try {
      return { source: source.id, events: source.normalise(record, context) };
    } catch (error) {
      if (error instanceof RejectedRecord) return { source: source.id, reason: error.reason, detail: error.message };
      return { source: source.id, reason: 'unknown_shape', detail: `${source.id} could not read the record: ${(error as Error).message}`.slice(0, 300) };
    }
  }

  #detect(record: unknown): Source | null {
    if (this.#last?.recognises(record)) return this.#last;
    this.#last = this.#sources.find((s) => s.recognises(record)) ?? null;
    return this.#last;
  }
}

/** One a source, for good: it takes a while to become fast. */
const SIEVES = new Map<Source, Sieve>();

function sieveOf(source: Source, marks: readonly string[]): Sieve {
  let sieve = SIEVES.get(source);
  if (!sieve) SIEVES.set(source, sieve = new Sieve(source.paths, marks));
  return sieve;
}
