import type { Finding, Kind, Millis } from '@remit/contract';

export const HOUR: Millis = 3_600_000;
export const DAY: Millis = 24 * HOUR;
export const WEEK: Millis = 7 * DAY;

/** A closed identity-hour as it is measured. `score` null: it could not be judged. */
export interface SeenHour { urn: string; kind: Kind; start: Millis; events: number; score: number | null; p95: number | null; p99: number | null }
/** A page, or a ticket, at the moment it was raised. `calibrated`: because of a learned score, whoever says it; otherwise certain. */
export interface Raised { id: string; detector: string; subject: string; urn: string; calibrated: boolean; page: boolean; at: Millis; first: Millis; last: Millis }

/** One identity's stream: when it came and went, and what it did by the hour. */
export interface Stream { urn: string; kind: Kind; first: Millis; last: Millis; events: Map<Millis, number>; bytes: Map<Millis, number> }

/** What a run did, kept for measuring. Knows nothing of labels. */
export class Recording {
  from: Millis = Infinity;
  to: Millis = -Infinity;
  events = 0;
  threshold = Infinity;
  readonly streams = new Map<string, Stream>();
  readonly hours: SeenHour[] = [];
  readonly raised: Raised[] = [];
  readonly #open = new Map<string, Raised>();

  event(urn: string, kind: Kind, time: Millis, bytes: number): void {
    this.events++;
    if (time < this.from) this.from = time;
    if (time >= this.to) this.to = time + 1;
    let stream = this.streams.get(urn);
    if (!stream) this.streams.set(urn, stream = { urn, kind, first: time, last: time, events: new Map(), bytes: new Map() });
    stream.kind = kind;
    if (time < stream.first) stream.first = time;
    if (time > stream.last) stream.last = time;
    const hour = Math.floor(time / HOUR) * HOUR;
    stream.events.set(hour, (stream.events.get(hour) ?? 0) + 1);
    if (bytes > 0) stream.bytes.set(hour, (stream.bytes.get(hour) ?? 0) + bytes);
  }

  hour(seen: SeenHour): void {
    this.hours.push(seen);
  }

  /** Takes a change of a finding; each opening and each page counts. Later changes only widen its time. */
  finding(finding: Finding, opened: boolean, page: boolean): Raised | null {
    const known = this.#open.get(finding.id);
    if (known) [known.first, known.last] = [Math.min(known.first, finding.first), Math.max(known.last, finding.last)];
    if ((!opened && !page) || finding.severity === 'info') return null;
    const raised: Raised = {
      id: finding.id, detector: finding.detector, subject: finding.subject, urn: finding.identity, calibrated: finding.class === 'baseline' || finding.score !== undefined, page, at: finding.updated_at,
      first: finding.first, last: finding.last,
    };
    this.raised.push(raised);
    this.#open.set(finding.id, raised);
    return raised;
  }
}
