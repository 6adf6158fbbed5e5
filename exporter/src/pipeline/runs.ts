import type { FindingState, Millis, NhiEvent, RunView } from '@remit/contract';
import { fingerprint } from '../lib/hash.ts';
import { eventRef } from './evidence.ts';
import { HeldRuns } from './held-runs.ts';
import { HOUR } from './hours.ts';
import type { Identity } from './identities.ts';
import type { HashedRun, RunVerdict } from './parts.ts';
import { openFinding } from './opening.ts';
import type { Processor } from './processor.ts';
import { standIn } from './stand-in.ts';
import { callOf, RunHasher, surpriseOf, type KeptCall, type Segment } from './run-calls.ts';

const DAY = 24 * HOUR;
/** A pause of this length ends a run. */
const PAUSE = HOUR;
/** A live run waits this long for what its trace or a chain may still tell, in journal time. */
const SETTLED = 150_000;
const MOST_OF_RUN = 256;
/** Calls of open runs in all; beyond it the runs that were quiet longest go, unlearned, and are counted. */
const MOST_CALLS = 100_000;
const LONGEST_PURPOSE = 256;
const STANDS: ReadonlySet<FindingState> = new Set(['open', 'acknowledged', 'silenced']);

/** The tool calls of one trace, or conversation, and purpose on one day, while they are not over. */
export interface KeptRun {
  name: string; urn: string; key: string; purpose: string | null; day: number;
  calls: KeptCall[];
  dropped: number;
  /** Event time up to which calls have gone. */
  lostUntil: Millis;
  /** Findings that the last judgement stood by, with the part each got. */
  standing: [part: string, finding: string][];
  /** Journal time of the last call. */
  touched: Millis;
  /** Something was new at the last judgement. */
  odd: boolean;
}

/**
 * Runs of agents: judged provisionally as their calls come, for good when they are over, and only then learned, one after the other in the order of
 * their ends. What lies inside an open finding is held back until somebody says that it is benign.
 */
export class RunBook {
  readonly all = new Map<string, KeptRun>();
  readonly held: HeldRuns;
  /** Told of every judgement, provisional or for good: how rare each run of an identity is, for who combines it with other things. */
  observer: ((urn: string, run: RunView) => void) | null = null;
  /** Since the last cut. */
  readonly changed = new Set<KeptRun>();
  #gone: string[] = [];
  readonly #p: Processor;
  readonly #hasher: RunHasher | null;
  readonly #byUrn = new Map<string, Set<KeptRun>>();
  readonly #touched = new Set<KeptRun>();
  #calls = 0;

  constructor(processor: Processor) {
    this.#p = processor;
    this.held = new HeldRuns(processor);
    this.#hasher = processor.parts.runs ? new RunHasher((text) => processor.parts.runs!.conceal(text)) : null;
  }

  /** Takes a call of a tool into its run. */
  take(event: NhiEvent, identity: Identity, gap: boolean, at: Millis): void {
    if (event.tool === undefined || this.#hasher === null || !this.#isJudged(identity)) return;
    const key = runKey(event);
    if (key === null) return;
    const purpose = event.purpose_uid?.slice(0, LONGEST_PURPOSE) ?? null;
    const day = Math.floor(event.time / DAY);
    const name = `${identity.urn} ${day} ${purpose === null ? '-' : fingerprint(purpose)} ${key}`;
    let run = this.all.get(name);
    if (!run) this.#index(run = { name, urn: identity.urn, key, purpose, day, calls: [], dropped: 0, lostUntil: 0, standing: [], touched: at, odd: false });
    const late = event.time + PAUSE <= this.#p.feeds.frontier(identity.feeds);
    const inventory = this.#p.parts.timeline.at(event.time);
    insert(run.calls, callOf(event, eventRef(event), identity.remit, inventory, late, gap));
    this.#calls++;
    run.touched = Math.max(run.touched, at);
    this.#touched.add(run);
    this.changed.add(run);
    if (run.calls.length <= MOST_OF_RUN) return;
    run.lostUntil = Math.max(run.lostUntil, run.calls.shift()!.time);
    run.dropped++;
    this.#calls--;
  }

  /** Takes a call back: it is better known now, or another identity's. */
  untake(event: NhiEvent, urn: string): void {
    const id = event.metadata.original_event_uid;
    for (const run of this.#byUrn.get(urn) ?? []) {
      const at = run.calls.findIndex((call) => call.id === id);
      if (at < 0) continue;
      run.calls.splice(at, 1);
      this.#calls--;
      this.#touched.add(run);
      this.changed.add(run);
    }
  }

  /** A call ended differently, as another record of it says. */
  correct(urn: string, uid: string, outcome: KeptCall['ref']['outcome']): void {
    for (const run of this.#byUrn.get(urn) ?? []) {
      const call = run.calls.find(({ ref }) => ref.uid === uid);
      if (!call) continue;
      call.ref.outcome = outcome;
      this.#touched.add(run);
      this.changed.add(run);
    }
  }

  /** Judges the runs that changed since the last call. */
  judgeTouched(at: Millis): void {
    for (const run of this.#touched) this.#judge(run, at);
    this.#touched.clear();
    if (this.#calls > MOST_CALLS) this.#shed();
  }

  /** Closes and learns what is over, in the order of ends; then looks again at what is open and was odd. */
  closeDue(at: Millis, history: boolean): void {
    if (this.all.size === 0) return;
    const due: { run: KeptRun; segment: Segment; end: Millis }[] = [];
    for (const run of this.all.values()) {
      if (!history && run.touched > at - SETTLED) continue;
      const frontier = this.#p.feeds.frontier(this.#identity(run.urn).feeds);
      for (const segment of segmentsOf(run)) {
        const end = segment.calls.at(-1)!.time;
        if (end + PAUSE <= frontier) due.push({ run, segment, end });
      }
    }
    due.sort((a, b) => a.end - b.end || (a.run.name < b.run.name ? -1 : 1));
    const learned = new Set<string>();
    for (const { run, segment } of due) if (this.#close(run, segment, at)) learned.add(run.urn);
    for (const urn of learned) for (const run of this.#byUrn.get(urn) ?? []) if (run.odd) this.#judge(run, at);
  }

  /** A person has judged a finding of this identity: what it held back may be learned. */
  release(urn: string): void {
    for (const { run, first, last } of this.held.release(urn)) this.#p.parts.runs?.habits.learn(run, first, last);
  }

  rename(from: string, to: string): void {
    this.#p.parts.runs?.habits.rename(from, to);
    this.held.rename(from, to);
    for (const run of [...this.#byUrn.get(from) ?? []]) {
      this.#remove(run);
      run.name = to + run.name.slice(from.length);
      run.urn = to;
      this.#index(run);
      this.#touched.add(run);
      this.changed.add(run);
    }
  }

  restore(run: KeptRun): void {
    this.#index(run);
    this.#calls += run.calls.length;
  }

  takeGone(): string[] {
    return this.#gone.splice(0).filter((name) => !this.all.has(name));
  }

  /** Judges what is left of a run. Each part of it speaks for itself. */
  #judge(run: KeptRun, at: Millis): void {
    const before = run.standing;
    run.standing = [];
    run.odd = false;
    for (const segment of segmentsOf(run)) {
      const { verdict, standing } = this.#inspect(run, segment, at, false);
      run.standing.push(...standing);
      run.odd ||= (verdict?.score ?? 0) > 0;
    }
    this.#retract(before, run, at);
    this.changed.add(run);
    if (run.calls.length === 0) this.#remove(run);
  }

  /** The last word on a part of a run; true when it was learned. */
  #close(run: KeptRun, segment: Segment, at: Millis): boolean {
    const { urn, calls } = segment;
    const first = calls[0]!.time;
    const last = calls.at(-1)!.time;
    this.release(urn);
    const { verdict, standing } = this.#inspect(run, segment, at, true);
    const part = partOf(segment);
    this.#retract(run.standing.filter(([name]) => name === part), run, at, standing);
    run.standing = run.standing.filter(([name]) => name !== part);
    run.calls = run.calls.filter((call) => !calls.includes(call));
    this.#calls -= calls.length;
    this.changed.add(run);
    if (run.calls.length === 0) this.#remove(run);
    const learn = this.#isJudged(this.#identity(urn)) && !calls.some((call) => call.late);
    if (!learn) return false;
    const learned = this.#hasher!.learned(segment);
    if (this.held.hold(urn, learned, first, last, verdict?.score ?? 0)) return false;
    this.#p.parts.runs!.habits.learn(learned, first, last);
    return true;
  }

  #inspect(run: KeptRun, segment: Segment, at: Millis, closing: boolean): { verdict: RunVerdict | null; standing: [string, string][] } {
    const { calls, urn } = segment;
    const last = calls.at(-1)!.time;
    const identity = this.#identity(urn);
    if (!this.#isJudged(identity)) return { verdict: null, standing: [] };
    const inventory = this.#p.parts.timeline.at(last);
    const record = this.#p.identities.recordOf(identity, inventory, last);
    const remit = record?.reviewed === true ? record : null;
    const hashed: HashedRun = this.#hasher!.judged(segment, remit);
    const verdict = this.#p.parts.runs!.habits.judge(hashed);
    const seen: RunView = {
      key: run.key, purpose: run.purpose, calls: this.#hasher!.views(segment, verdict, remit), dropped: run.dropped, incomplete: calls.some((call) => call.gap),
      closing, surprise: verdict === null ? null : surpriseOf(verdict, this.held.of(urn), last),
    };
    this.observer?.(urn, seen);
    const part = partOf(segment);
    const standing: [string, string][] = [];
    const view = this.#p.look(identity, remit, inventory);
    view.ready = seen.surprise?.ready === true;
    view.threshold = this.#p.hours.threshold(identity, last);
    for (const judged of this.#p.judge.run(seen, view)) {
      standing.push([part, openFinding(this.#p, judged, { identity, remit, inventory, event: null, at, part, provisional: !closing, inVain: run.calls.every(({ ref }) => ref.outcome !== 'success') })]);
    }
    return { verdict, standing };
  }

  /** What stood and is not said any more; what rests on calls that are gone was right when it was said. */
  #retract(before: readonly [string, string][], run: KeptRun, at: Millis, now: readonly [string, string][] = run.standing): void {
    for (const [part, id] of before) {
      if (now.some(([otherPart, other]) => other === id && otherPart === part)) continue;
      const kept = this.#p.book.all.get(id);
      if (kept && STANDS.has(kept.finding.state) && kept.finding.first > run.lostUntil) this.#p.book.retract(kept, part, at);
    }
  }

  /** People use tools too, and have no habits here. */
  #isJudged(identity: Identity): boolean {
    const verdict = this.#p.identities.classOf(identity);
    return verdict === 'machine' || verdict === 'unknown';
  }

  #identity(urn: string): Identity {
    return this.#p.identities.get(urn) ?? standIn(urn, null);
  }

  #shed(): void {
    let lost = 0;
    for (const run of [...this.all.values()].sort((a, b) => a.touched - b.touched || (a.name < b.name ? -1 : 1))) {
      if (this.#calls <= MOST_CALLS * 0.9) break;
      lost += run.calls.length;
      this.#calls -= run.calls.length;
      this.#remove(run);
    }
    this.#p.parts.watch.overflowed(lost);
  }

  #index(run: KeptRun): void {
    this.all.set(run.name, run);
    const set = this.#byUrn.get(run.urn);
    if (set) set.add(run);
    else this.#byUrn.set(run.urn, new Set([run]));
  }

  #remove(run: KeptRun): void {
    this.all.delete(run.name);
    this.changed.delete(run);
    this.#touched.delete(run);
    const set = this.#byUrn.get(run.urn);
    set?.delete(run);
    if (set?.size === 0) this.#byUrn.delete(run.urn);
    this.#gone.push(run.name);
  }
}

/** The trace, else the conversation: a conversation may go on for days. A connection to an MCP server is neither. */
export function runKey({ trace, actor: { session }, sequence_key }: NhiEvent): string | null {
  const conversation = session?.issuer === 'mcp' ? undefined : session?.uid;
  const [sort, id] = trace !== undefined ? ['trace', trace.uid] : conversation !== undefined ? ['session', conversation] : ['trace', sequence_key];
  if (id === undefined || id === '') return null;
  return `${sort}:${/^[\x21-\x7e]{1,48}$/.test(id) ? id : fingerprint(id)}`;
}

function insert(calls: KeptCall[], call: KeptCall): void {
  let at = calls.length;
  while (at > 0 && (calls[at - 1]!.time > call.time || (calls[at - 1]!.time === call.time && calls[at - 1]!.id > call.id))) at--;
  calls.splice(at, 0, call);
}

function segmentsOf({ urn, key, purpose, calls }: KeptRun): Segment[] {
  const segments: (Segment & { calls: KeptCall[] })[] = [];
  calls.forEach((call, i) => {
    if (i === 0 || call.time - calls[i - 1]!.time > PAUSE) segments.push({ urn, key, purpose, calls: [call] });
    else segments.at(-1)!.calls.push(call);
  });
  return segments;
}

/** Several runs may speak in one finding, also such that begin at one instant. */
function partOf({ calls, key }: Segment): string {
  return `run ${calls[0]!.time} ${key}`;
}
