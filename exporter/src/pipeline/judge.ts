import type {
  Chain, ChainMember, DataClass, Detector, EventRef, FleetView, HourView, Inventory, JudgedIdentity, Millis, NhiEvent, Owner, Remit, RunView, Severity, Signal, Steps, View,
} from '@remit/contract';
import { DATA_CLASSES, sensitivity, SEVERITIES } from '@remit/contract';
import { eventRef } from './evidence.ts';
import type { Identity } from './identities.ts';

type Of<On extends Detector['on']> = Extract<Detector, { on: On }>;
export interface Judged<D extends Detector = Detector> { detector: D; signal: Signal; also: string[] }

/** One event, one finding: the first of these speaks, the others are listed with it. */
const PRECEDENCE = [
  'decommissioned-active', 'monitoring-tampering', 'wrong-environment', 'ungranted-privilege-used', 'off-purpose-action', 'new-action',
];
/** What is left of any other word once the identity should not exist at all. */
const SILENCES_ALL = 'decommissioned-active';

/** A view that is filled anew for each question, so that the hot path allocates nothing. */
export class MutableView implements View {
  readonly #describe: (who: Identity) => JudgedIdentity;
  /** Whom the question is about. */
  #who!: Identity;
  #identity: JudgedIdentity | null = null;
  remit: Remit | null = null;
  timeResolution = 1;
  ready = false;
  threshold = Infinity;
  inventory!: Inventory;
  /** The event that was pointed to last: several detectors speak of the same one. */
  #of: NhiEvent | null = null;
  #ref: EventRef | null = null;

  /** `describe`: what detectors may see of an identity; few look. */
  constructor(describe: (who: Identity) => JudgedIdentity) {
    this.#describe = describe;
  }

  get identity(): JudgedIdentity { return this.#identity ??= this.#describe(this.#who); }
  recordOf(keys: readonly string[], at: Millis): Remit | null {
    const hit = this.inventory.match(keys, at);
    return hit?.remit.reviewed ? hit.remit : null;
  }
  dataClass(uid: string): DataClass | null {
    return this.inventory.dataClass(uid);
  }
  ref(event: NhiEvent): EventRef {
    if (this.#of !== event) {
      this.#of = event;
      this.#ref = eventRef(event);
    }
    return { ...this.#ref! };
  }
  /** Begins another question. Between two of them a trace may tell more of an event. */
  ask(who: Identity, remit: Remit | null, inventory: Inventory): this {
    this.#of = null;
    this.#who = who;
    this.#identity = null;
    this.remit = remit;
    this.inventory = inventory;
    this.ready = false;
    this.threshold = Infinity;
    this.timeResolution = 1;
    return this;
  }
}

/** One event in this many is timed, and every hour and look at the fleet: a clock costs as much as a detector. */
const TIMED_EVENTS = 128;

/** What the judge tells of itself. */
export interface JudgeWatch {
  failed(detector: string, error: unknown): void;
  inspected(detector: string, seconds: number): void;
  /** Remembered steps that had to go before their time. */
  overflowed(steps: number): void;
}

/** Runs the detectors and settles who speaks. A detector that throws is counted and left out; the others go on. */
export class Judge {
  readonly #event: Of<'event'>[];
  /** Those of runs that have a word on the hours of an agent come last. */
  readonly #ofHours: (Of<'hour'> | Of<'run'>)[];
  readonly #run: Of<'run'>[];
  readonly #tick: Of<'tick'>[];
  readonly #watch: JudgeWatch;
  #events = 0;
  /** Detectors that judge hours, runs and the fleet: what an identity usually does, not what one event is. */
  readonly ofHabits: ReadonlySet<string>;

  constructor(detectors: readonly Detector[], watch: JudgeWatch) {
    this.#event = detectors.filter((d) => d.on === 'event');
    const hour = detectors.filter((d) => d.on === 'hour');
    this.#run = detectors.filter((d) => d.on === 'run');
    this.#ofHours = [...hour, ...this.#run.filter((d) => d.hour !== undefined)];
    this.#tick = detectors.filter((d) => d.on === 'tick');
    this.#watch = watch;
    this.ofHabits = new Set([...hour, ...this.#run, ...this.#tick].map((d) => d.id));
  }

  event(event: NhiEvent, view: MutableView): Judged[] {
    let judged: Judged[] | null = null;
    const timed = ++this.#events % TIMED_EVENTS === 0;
    for (const detector of this.#event) {
      const started = timed ? performance.now() : 0;
      try {
        const signals = detector.inspect(event, view);
        for (let i = 0; i < signals.length; i++) (judged ??= []).push({ detector, signal: signals[i]!, also: [] });
      } catch (error) {
        this.#watch.failed(detector.id, error);
      }
      if (timed) this.#watch.inspected(detector.id, (performance.now() - started) / 1000);
    }
    return judged === null ? NONE : judged.length === 1 ? judged : settleApart(judged, event, view);
  }

  hour(hour: HourView, view: View): Judged[] {
    const judged: Judged[] = [];
    let started = performance.now();
    for (const detector of this.#ofHours) {
      try {
        const signals = detector.on === 'hour' ? detector.inspect(hour, view) : detector.hour!(hour, view);
        for (let i = 0; i < signals.length; i++) judged.push({ detector, signal: signals[i]!, also: [] });
      } catch (error) {
        this.#watch.failed(detector.id, error);
      }
      const ended = performance.now();
      this.#watch.inspected(detector.id, (ended - started) / 1000);
      started = ended;
    }
    return judged;
  }

  run(run: RunView, view: View): Judged[] {
    return this.#run.flatMap((detector) => this.#guard(detector, () => detector.inspect(run, view)));
  }

  * tick(state: FleetView): Steps<Judged<Of<'tick'>>[]> {
    const judged: Judged<Of<'tick'>>[] = [];
    for (const detector of this.#tick) judged.push(...yield* this.#look(detector, state));
    return judged;
  }

  * #look(detector: Of<'tick'>, state: FleetView): Steps<Judged<Of<'tick'>>[]> {
    let seconds = 0;
    try {
      const steps = detector.inspect(state);
      for (;;) {
        const started = performance.now();
        const step = steps.next();
        seconds += (performance.now() - started) / 1000;
        if (step.done === true) return step.value.map((signal) => ({ detector, signal, also: [] }));
        yield;
      }
    } catch (error) {
      this.#watch.failed(detector.id, error);
      return [];
    } finally {
      this.#watch.inspected(detector.id, seconds);
    }
  }

  /** What a chain detector remembers of an event. */
  members(detector: Of<'chain'>, event: NhiEvent, view: View, role: 'actor' | 'subject'): readonly ChainMember[] {
    try {
      return detector.of(event, view, role);
    } catch (error) {
      this.#watch.failed(detector.id, error);
      return [];
    }
  }

  chain(detector: Of<'chain'>, chain: Chain, view: View): Judged<Of<'chain'>>[] {
    return this.#guard(detector, () => detector.inspect(chain, view));
  }

  #guard<D extends Detector>(detector: D, run: () => Signal[]): Judged<D>[] {
    const started = performance.now();
    try {
      return run().map((signal) => ({ detector, signal, also: [] }));
    } catch (error) {
      this.#watch.failed(detector.id, error);
      return [];
    } finally {
      this.#watch.inspected(detector.id, (performance.now() - started) / 1000);
    }
  }
}

const NONE: Judged[] = [];

/** Signals that an exception hides give way to one another and to the others, but nothing gives way to them. */
function settleApart(judged: Judged[], event: NhiEvent, { inventory, identity, remit }: MutableView): Judged[] {
  const hidden = judged.filter(({ detector, signal }) => inventory.exception(identity.urn, remit, detector.id, event, signal.at, signal.scope) !== null);
  if (hidden.length === 0 || hidden.length === judged.length) return settle(judged);
  const speaking = new Set(settle(judged).map(({ detector }) => detector));
  return [...settle(judged.filter((one) => !hidden.includes(one))), ...settle(hidden).filter(({ detector }) => speaking.has(detector))];
}

function settle(judged: Judged[]): Judged[] {
  const ranked = judged.filter((j) => PRECEDENCE.includes(j.detector.id))
    .sort((a, b) => PRECEDENCE.indexOf(a.detector.id) - PRECEDENCE.indexOf(b.detector.id));
  const first = ranked[0];
  const speaking = first?.detector.id === SILENCES_ALL
    ? ranked.filter((j) => j.detector === first.detector)
    : judged.filter((j) => !first || !ranked.includes(j) || j.detector === first.detector);
  const ids = new Set(judged.map((j) => j.detector.id));
  return speaking.map((j) => {
    // Who gives way must not take a page with it: the one that speaks for all is as severe as the worst of them.
    const worst = ranked.includes(j) ? SEVERITIES.find((severity) => ranked.some((other) => wantedOf(other) === severity)) : undefined;
    const signal = worst === undefined || worst === wantedOf(j) ? j.signal : { ...j.signal, severity: worst };
    return { ...j, signal, also: [...ids].filter((id) => id !== j.detector.id).sort() };
  });
}

function wantedOf({ detector, signal }: Judged): Severity {
  return signal.severity ?? detector.severity;
}

/**
 * The severity a finding may have: `critical`, which pages, only for an identity with a reviewed record and an owner, and then for
 * certain detectors, for owners who enforce, or for calibrated scores; otherwise a ticket. Whoever should be gone and got nothing done
 * is a ticket however odd it looks.
 */
export function severityOf(detector: Detector, signal: Signal, about: { remit: Remit | null; inventory: Inventory; event?: NhiEvent | null; inVain?: boolean }): Severity {
  const { remit, inventory, inVain } = about;
  const wanted = signal.severity ?? detector.severity;
  if (wanted !== 'critical') return wanted;
  const owner: Owner | null = remit?.owner ?? null;
  if (!remit?.reviewed || !owner || !inventory.owners().some((o) => o.team === owner.team)) return 'warning';
  if (inVain === true && detector.class === 'baseline' && hasEnded(remit, signal.at)) return 'warning';
  if (detector.class === 'remit' && !(signal.certain ?? detector.certain) && about.event && isMinor(about.event, remit, inventory)) return 'warning';
  const pages = (signal.certain ?? detector.certain) || detector.class === 'baseline' || (detector.class === 'remit' && owner.enforce);
  return pages ? 'critical' : 'warning';
}

/**
 * What wakes nobody although its owner enforces: an identity of low criticality did what is not sensitive to data that is known to be public or
 * internal. Who used it is another matter: a person's hands on a machine's credential are sensitive whatever they touch.
 */
function isMinor(event: NhiEvent, remit: Remit, inventory: Inventory): boolean {
  if (remit.record.criticality !== 'low' || event.flags.includes('interactive')) return false;
  const targets = event.resources ?? [];
  if (targets.length === 0 || sensitivity(event, false) !== null) return false;
  return targets.every(({ uid, name, data_classification: said }) => {
    const id = uid ?? name;
    const known = id === undefined ? null : inventory.dataClass(id);
    const rank = Math.max(DATA_CLASSES.indexOf(said?.toLowerCase() as DataClass), known === null ? -1 : DATA_CLASSES.indexOf(known));
    return rank >= 0 && rank <= DATA_CLASSES.indexOf('internal') && !(id !== undefined && remit.restricted(id));
  });
}

function hasEnded(remit: Remit, at: Millis): boolean {
  const end = remit.endOfLife();
  return end !== null && at > end.at;
}
