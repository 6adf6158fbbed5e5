import { randomBytes } from 'node:crypto';
import type { Response } from 'express';
import type { Explorer, Finding, FindingChange, Millis, StreamEnd, StreamLine } from '@remit/contract';

/** Limits of live streams; times in milliseconds. */
export interface StreamLimits {
  streams: number; heartbeat: Millis; longest: Millis;
  /** Bytes that may wait for one reader. */
  waiting: number;
  /** Changes that are remembered for those who come back. */
  remembered: number;
}
export const STREAM_LIMITS: StreamLimits = { streams: 64, heartbeat: 15_000, longest: 15 * 60_000, waiting: 1 << 20, remembered: 2000 };

/** A reader of changes: `wants` says which findings, `cursor` where it left off. */
export interface Subscription { cursor: string | null; wants(finding: Finding): boolean; findings: Pick<Explorer, 'findings'> }

interface Remembered { seq: number; change: FindingChange }

/**
 * Changes of findings to whoever listens, as they happen. Remembers the latest, so that a reader that comes back with its cursor misses
 * nothing; one that does not keep up is sent away rather than waited for.
 */
export class FindingHub {
  readonly #limits: StreamLimits;
  readonly #ended: (reason: StreamEnd) => void;
  /** Of this process: cursors of another know only a time. */
  readonly #epoch = randomBytes(4).toString('hex');
  #seq = 0;
  /** The time up to which changes have been told. */
  #told: Millis = 0;
  #recent: Remembered[] = [];
  readonly #streams = new Set<Stream>();
  #closed = false;

  constructor(ended: (reason: StreamEnd) => void = () => {}, limits: Partial<StreamLimits> = {}) {
    this.#ended = ended;
    this.#limits = { ...STREAM_LIMITS, ...limits };
  }

  get size(): number { return this.#streams.size; }

  /** Tells every stream. Never waits and never throws. */
  publish(changes: readonly FindingChange[]): void {
    for (const change of changes) {
      this.#told = Math.max(this.#told, change.finding.updated_at);
      this.#recent.push({ seq: ++this.#seq, change });
      const cursor = this.#cursor();
      for (const stream of this.#streams) stream.change(change, cursor);
    }
    if (this.#recent.length > 2 * this.#limits.remembered) this.#recent = this.#recent.slice(-this.#limits.remembered);
  }

  /** Writes to a response until one of the two ends; false when there are too many streams. */
  open(response: Response, subscription: Subscription): boolean {
    if (this.#closed || this.#streams.size >= this.#limits.streams) return false;
    const stream = new Stream(response, subscription, this.#limits, () => this.#cursor(), (reason) => {
      if (this.#streams.delete(stream)) this.#ended(reason);
    });
    this.#streams.add(stream);
    stream.begin();
    this.#catchUp(stream, subscription);
    return true;
  }

  /** Ends all streams; none is opened after it. */
  close(): void {
    this.#closed = true;
    for (const stream of [...this.#streams]) stream.end('stopping');
  }

  #cursor(): string {
    return `${this.#epoch}.${this.#seq}.${this.#told}`;
  }

  /** What was missed: from memory, else findings that changed since, the latest of them. */
  #catchUp(stream: Stream, { cursor, findings }: Subscription): void {
    const [, epoch, seq, told] = /^([0-9a-f]{8})\.(\d{1,15})\.(\d{1,16})$/.exec(cursor ?? '') ?? [];
    if (cursor === null || epoch === undefined) return;
    const first = this.#recent[0]?.seq ?? this.#seq + 1;
    if (epoch === this.#epoch && Number(seq) >= first - 1) {
      for (const { seq: at, change } of this.#recent) if (at > Number(seq)) stream.change(change, `${epoch}.${at}.${Math.max(Number(told), change.finding.updated_at)}`);
      return;
    }
    stream.send({ type: 'gap', cursor: this.#cursor(), reason: epoch === this.#epoch ? 'cursor_too_old' : 'restarted' });
    const missed: Finding[] = [];
    for (const finding of findings.findings()) if (finding.updated_at >= Number(told)) missed.push(finding);
    missed.sort((a, b) => a.updated_at - b.updated_at);
    for (const finding of missed.slice(-this.#limits.remembered)) stream.change({ finding, change: 'updated', page: false }, this.#cursor());
  }
}

/** Whether a text can be a cursor of a stream. */
export function isStreamCursor(text: string): boolean {
  return /^[0-9a-f]{8}\.\d{1,15}\.\d{1,16}$/.test(text);
}

class Stream {
  readonly #response: Response;
  readonly #subscription: Subscription;
  readonly #limits: StreamLimits;
  readonly #cursor: () => string;
  readonly #gone: (reason: StreamEnd) => void;
  readonly #beat: NodeJS.Timeout;
  readonly #whole: NodeJS.Timeout;
  #over = false;

  constructor(response: Response, subscription: Subscription, limits: StreamLimits, cursor: () => string, gone: (reason: StreamEnd) => void) {
    this.#response = response;
    this.#subscription = subscription;
    this.#limits = limits;
    this.#cursor = cursor;
    this.#gone = gone;
    this.#beat = setInterval(() => this.send({ type: 'heartbeat', cursor: this.#cursor(), at: Date.now() }), limits.heartbeat);
    this.#whole = setTimeout(() => this.end('too_long'), limits.longest);
    response.once('close', () => this.#finish('gone'));
    response.on('error', () => undefined);
  }

  begin(): void {
    this.#response.status(200).set({ 'Content-Type': 'application/x-ndjson; charset=utf-8', 'X-Accel-Buffering': 'no' });
    this.#response.flushHeaders();
    this.send({ type: 'hello', cursor: this.#subscription.cursor !== null && isStreamCursor(this.#subscription.cursor) ? this.#subscription.cursor : this.#cursor(), heartbeat: this.#limits.heartbeat });
  }

  change({ finding, change, page }: FindingChange, cursor: string): void {
    if (this.#over || !this.#subscription.wants(finding)) return;
    this.send({ type: 'finding', cursor, change, page, finding });
    this.#beat.refresh();
  }

  send(line: StreamLine): void {
    if (this.#over) return;
    if (this.#response.writableLength > this.#limits.waiting) return this.end('slow_reader');
    this.#response.write(`${JSON.stringify(line)}\n`);
  }

  end(reason: Exclude<StreamEnd, 'gone'>): void {
    if (this.#over) return;
    this.#finish(reason);
    this.#response.end(`${JSON.stringify({ type: 'bye', reason } satisfies StreamLine)}\n`);
    // Whoever does not read would keep what is written for ever.
    const force = setTimeout(() => this.#response.destroy(), 2000);
    force.unref();
    this.#response.once('close', () => clearTimeout(force));
  }

  #finish(reason: StreamEnd): void {
    if (this.#over) return;
    this.#over = true;
    clearInterval(this.#beat);
    clearTimeout(this.#whole);
    this.#gone(reason);
  }
}
