import {
  CHANNELS, type Bands, type Cells, type Channel, type Habit, type HourContext, type HourFacts, type HourScore, type HourSums, type Millis, type Readiness,
} from '@remit/contract';
import { KeyedHash } from '../lib/hash.ts';
import { Budget, type Budgets } from './budget.ts';
import { Common } from './common.ts';
import { Fleet, LEVELS, STRATA, type Epoch } from './fleet.ts';
import { Held, type HeldHour } from './held.ts';
import { Peers, type View } from './peers.ts';
import { Ratio } from './ratio.ts';
import { Reference } from './reference.ts';
import { noCells, Rows } from './rows.ts';
import { BINS, binOf, UNIT } from './tail.ts';

const HOUR: Millis = 3_600_000;
/** Hours that deviate this much wait for a verdict before they are learned. */
const HOLD = 4;
/** Hours that deviate this much are learned, and taken out of the histograms again when they turn out to be bad soon after. */
const REMEMBER = 2.5;
/** A held hour that nobody judged is learned after this long, unless it left the remit or was sensitive. */
const RELEASE_HOURS = 14 * 24;
/** Digits that a habit must exceed to corroborate others. */
const CORROBORATES = 0.5;
/** How the budget is split where nothing is said: many events alone seldom are harm; what several habits say together often is. */
const WEIGHTS: Readonly<Record<Channel, number>> = {
  'off-hours': 1, sensitive: 1.5, volume: 0.4, export: 1, novelty: 0.8, sequence: 1, dormancy: 0.6, remit: 1.5, corroboration: 2,
};
/** Identities whose peers are kept at hand. */
const MOST_VIEWS = 4_096;
/** Scores from which the parts are told without being asked. */
const TOLD = 2;
/** Part of the noise ratio that counts for habits that only agents have: the fleet's hours, not agents', are what they are compared with. */
const AGENTS_RATIO = 0.6;

/** Habits as `baseline` makes them: those that bands and the sums of a day are read from stand out. */
export interface Habits {
  all: Habit[];
  when: { chance(cells: Cells, context: HourContext): number };
  volume: { bands(cells: Cells, context: HourContext, chance: number, tails: Bands): Bands };
  amount: { deviation(cells: Cells, sums: HourSums, context: HourContext): number };
}
/** Sums of an hour as `baseline` makes them, for what the scorer keeps itself. */
export interface SumsCodec { save(sums: HourSums): unknown; restore(saved: unknown): HourSums }

export interface ScorerOptions {
  habits: Habits;
  sums: SumsCodec;
  /** At least eight bytes, of this installation. */
  key: Uint8Array;
  budget: Budgets;
  /** Shares of the budget by kind and channel, instead of the usual ones. They are made to sum to one. */
  weights?: Partial<Record<string, Partial<Record<Channel, number>>>>;
}

/**
 * The deviation score: how improbable an identity-hour is for conforming behaviour, in digits, calibrated so that
 * P(score ≥ s) ≤ 10^−s over all identity-hours. Pure and deterministic: the same hours, closed in the same order by identity,
 * give the same rows and scores, whatever the order between identities inside a day.
 */
export class Scorer {
  readonly budget: Budget;
  readonly rowBytes: { every: number; tools: number };
  readonly #habits: Habits;
  readonly #rows: Rows;
  readonly #toolRows: Rows;
  readonly #common = new Common();
  readonly #ratio: Ratio;
  readonly #reference: Reference;
  readonly #fleet: Fleet;
  readonly #peers: Peers;
  readonly #held: Held;
  readonly #cells = noCells();
  readonly #toolCells = noCells();
  readonly #context: HourContext;
  readonly #raw: Float64Array;
  /** By habit: digits among the fleet's hours; among those of its age; after the identity's own ratio. */
  readonly #among: Float64Array;
  readonly #strata: Float64Array;
  readonly #digits: Float64Array;
  readonly #channelOf: number[];
  readonly #channelRaw = new Float64Array(CHANNELS.length);
  readonly #channelDigits = new Float64Array(CHANNELS.length);
  readonly #weights = new Map<string, Float64Array>();
  readonly #options: ScorerOptions;
  #toolRowsUsed = 0;
  #final = 0;
  #day = 0;
  #dayRaw = 0;
  #before = 0;
  /** The peers of every identity, as of the day they were last asked for. */
  readonly #views = new Map<number, { facts: HourFacts; day: number; epoch: number; view: View }>();

  constructor(options: ScorerOptions) {
    this.#options = options;
    this.#habits = options.habits;
    const { all } = options.habits;
    this.budget = new Budget(options.budget);
    this.#peers = new Peers(new KeyedHash(options.key));
    this.#reference = new Reference();
    // Corroboration and the sum of a day are compared like habits.
    this.#ratio = new Ratio(all.length + 2);
    const sums = { sums: (length: number) => this.#peers.claim(length) };
    let claimed = -1;
    const tenant = (habit: Habit) => ({
      name: `${habit.id}@${habit.version}`,
      claim: (cells: Parameters<Habit['claim']>[0]) => habit.claim(cells, ++claimed % 2 === 0 ? { sums: () => 0 } : sums),
    });
    this.#rows = new Rows([
      { name: 'common@1', claim: (cells) => this.#common.claim(cells) }, { name: `ratio@1:${all.map((h) => h.id).join(',')}`, claim: (cells) => this.#ratio.claim(cells) },
      { name: 'reference@1', claim: (cells) => this.#reference.claim(cells) }, ...all.filter((h) => h.tools !== true).map(tenant),
    ]);
    this.#toolRows = new Rows(all.filter((h) => h.tools === true).map(tenant));
    this.rowBytes = { every: this.#rows.rowBytes, tools: this.#toolRows.rowBytes };
    this.#fleet = new Fleet(all.length + 2 + CHANNELS.length + 2, (day) => this.#peers.freeze(day));
    this.#held = new Held(options.sums);
    this.#raw = new Float64Array(all.length + 2);
    this.#among = new Float64Array(all.length + 2);
    this.#strata = new Float64Array(all.length + 2);
    this.#digits = new Float64Array(all.length + 2);
    this.#channelOf = all.map((h) => CHANNELS.indexOf(h.channel));
    this.#context = {
      hour: 0, slot: 0, age: 0, since: 0, active: 0, longest: 0, elapsed: 1, decay: 1, facts: NOBODY, peers: this.#peers.view([], 0, 0),
    };
  }

  /** What is said of the hour as it is now; changes nothing. `detail`: tell the parts whatever the score. */
  score(identity: number, sums: HourSums, facts: HourFacts, start: Millis, detail = false): HourScore {
    const epoch = this.#look(identity, facts, start);
    this.#judge(sums, epoch);
    return this.#told(sums, facts, detail, false);
  }

  /**
   * The record: scores the hour for the last time, adds it to the fleet's day, and learns it unless it deviates by four digits or
   * `learn` is false (it lies in an open finding): then it is held until `settle`. Hours of one identity close in order.
   */
  close(identity: number, sums: HourSums, facts: HourFacts, start: Millis, learn = true): HourScore {
    const hour = start / HOUR;
    this.#release(identity, hour);
    const epoch = this.#look(identity, facts, start);
    this.#judge(sums, epoch);
    const held = !learn || this.#final >= HOLD;
    const said = this.#told(sums, facts, false, held);
    const day = Math.floor(hour / 24);
    const cells = this.#own(identity, sums.steps !== null || sums.arguments !== null, true);
    if (this.#context.age === 0 && this.#common.first(cells) === 0) this.#context.peers.add(0, 1);
    const marks = this.#mark(day, held && this.#final >= HOLD ? Math.round(UNIT * epoch.heldShare) : UNIT);
    const { elapsed } = this.#context;
    const sumsOfDay = this.#fleet.adding(day);
    sumsOfDay.hours += elapsed;
    if (this.#final >= HOLD) sumsOfDay.held++;
    this.#young(sumsOfDay);
    this.#common.advance(cells, this.#context, this.#habits.amount.deviation(cells, sums, this.#context));
    this.#reference.count(cells, hour, sums.events);
    if (held) this.#held.put(identity, { hour, since: this.#context.since, sums, facts, marks, share: this.#final >= HOLD ? epoch.heldShare : 1 });
    else {
      if (this.#final >= REMEMBER) this.#held.remember(identity, hour, marks);
      this.#learn(cells, sums);
    }
    return said;
  }

  /**
   * A person's word on the hours from `from` to `to` (starts, included) that are held: benign ones are learned and count in full,
   * bad ones are forgotten, and so is what hours between them that were learned within the last four days left in the
   * fleet's histograms. Returns how many were held.
   */
  settle(identity: number, from: Millis, to: Millis, benign: boolean, now: Millis): number {
    const settled = this.#held.take(identity, (h) => h.hour >= from / HOUR && h.hour <= to / HOUR);
    const { bins } = this.#fleet.adding(Math.floor(now / HOUR / 24));
    const learned = this.#held.recall(identity, from / HOUR, to / HOUR);
    if (!benign) for (const marks of learned) for (let i = 0; i < marks.length; i += 2) bins[marks[i]!]! -= marks[i + 1]!;
    for (const held of settled) {
      const factor = benign ? (1 - held.share) / Math.max(held.share, 1e-3) : -1;
      for (let i = 0; i < held.marks.length; i += 2) bins[held.marks[i]!]! += Math.round(held.marks[i + 1]! * factor);
      if (benign) this.#learnHeld(identity, held);
    }
    return settled.length;
  }

  /** Hours that wait for a verdict, oldest first: how many, since when, and those that time alone does not release. */
  held(): { count: number; oldest: Millis | null; needsVerdict: number } { return this.#held.summary(); }

  #release(identity: number, hour: number): void {
    for (const held of this.#held.take(identity, (h) => h.hour <= hour - RELEASE_HOURS && harmless(h))) this.#learnHeld(identity, held);
  }

  #learnHeld(identity: number, held: HeldHour): void {
    const cells = this.#look(identity, held.facts, held.hour * HOUR) && this.#own(identity, held.sums.steps !== null, true);
    Object.assign(this.#context, { elapsed: 0, decay: 1, since: held.since });
    this.#raw.fill(0);
    this.#strata.fill(0);
    this.#learn(cells, held.sums);
  }

  #own(identity: number, tools: boolean, write: boolean): Cells {
    const cells = this.#cells;
    this.#rows.seek(cells, identity, write);
    let number = this.#common.toolRow(cells);
    if (number === 0 && tools && write) this.#common.setToolRow(cells, number = ++this.#toolRowsUsed);
    this.#toolRows.seek(this.#toolCells, number, write && number > 0);
    return cells;
  }

  #look(identity: number, facts: HourFacts, start: Millis): Epoch {
    const hour = Math.floor(start / HOUR);
    const day = Math.floor(hour / 24);
    const { epoch, number } = this.#fleet.at(day);
    const cells = this.#own(identity, false, false);
    this.#common.read(cells, hour, this.#context);
    this.#context.facts = facts;
    this.#context.peers = this.#view(identity, facts, number, day);
    return epoch;
  }

  #view(identity: number, facts: HourFacts, epoch: number, day: number): View {
    const kept = this.#views.get(identity);
    const alike = kept !== undefined && kept.facts.kind === facts.kind && kept.facts.owner === facts.owner && kept.facts.purpose === facts.purpose && kept.facts.group === facts.group;
    if (alike && kept.day === day && kept.epoch === epoch) return kept.view;
    const view = this.#peers.view(alike ? kept.view.chain : this.#peers.of(facts), epoch, day);
    if (this.#views.size >= MOST_VIEWS) this.#views.clear();
    this.#views.set(identity, { facts, day, epoch, view });
    return view;
  }

  /** Fills raw, digits and channels of the hour that `#look` found. */
  #judge(sums: HourSums, epoch: Epoch): void {
    const { all } = this.#habits;
    const cells = this.#cells;
    const context = this.#context;
    this.#channelRaw.fill(0);
    let together = 0;
    for (let h = 0; h < all.length; h++) {
      const habit = all[h]!;
      const own = habit.tools === true ? this.#toolCells : cells;
      const raw = habit.raw(own, sums, context);
      this.#raw[h] = raw;
      const digits = this.#compare(h, raw, epoch, cells, habit.tools === true ? AGENTS_RATIO : 1);
      const channel = this.#channelOf[h]!;
      const strongest = this.#channelRaw[channel]!;
      // Habits of one channel speak of the same thing: all but the strongest count half.
      const before = Math.max(0, strongest - CORROBORATES);
      const more = Math.max(0, digits - CORROBORATES);
      together += digits > strongest ? more - before / 2 : more / 2;
      if (digits > strongest) this.#channelRaw[channel] = digits;
    }
    this.#raw[all.length] = together;
    this.#channelRaw[CORROBORATION] = this.#compare(all.length, together, epoch, cells, 1);
    const day = this.#common.daySum(cells, context.hour, this.#habits.amount.deviation(cells, sums, context));
    this.#raw[all.length + 1] = day;
    this.#dayRaw = this.#compare(all.length + 1, day, epoch, cells, 1);
    this.#day = epoch.tails[all.length + 2 + CHANNELS.length + 1]!.at(this.#dayRaw);
    const weights = this.#shares(context.facts.kind);
    let best = 0;
    for (let c = 0; c < CHANNELS.length; c++) {
      const digits = epoch.tails[all.length + 2 + c]!.at(this.#channelRaw[c]!);
      this.#channelDigits[c] = digits;
      if (digits > 0) best = Math.max(best, digits + weights[c]!);
    }
    this.#before = best;
    this.#final = epoch.tails[all.length + 2 + CHANNELS.length]!.at(best);
  }

  #compare(h: number, raw: number, epoch: Epoch, cells: Cells, part: number): number {
    if (raw <= 0) {
      this.#among[h] = this.#strata[h] = 0;
      return this.#digits[h] = 0;
    }
    let digits = this.#among[h] = epoch.tails[h]!.at(raw);
    const stratum = stratumOf(this.#context.age);
    if (stratum >= 0) digits = Math.max(0, digits - between(epoch.young, (h * STRATA.length + stratum) * LEVELS.length, digits));
    this.#strata[h] = digits;
    digits -= part * this.#ratio.at(cells, h, digits, this.#common.hours(cells));
    return this.#digits[h] = Math.max(0, digits);
  }

  #shares(kind: string): Float64Array {
    let shares = this.#weights.get(kind);
    if (shares === undefined) {
      const given = this.#options.weights?.[kind] ?? {};
      const parts = CHANNELS.map((c) => given[c] ?? WEIGHTS[c]);
      const sum = parts.reduce((a, b) => a + b, 0);
      this.#weights.set(kind, shares = Float64Array.from(parts, (w) => Math.log10(Math.max(w, 1e-6) / sum * CHANNELS.length)));
    }
    return shares;
  }

  /** Adds the hour to the histograms of its day; returns what it added, to be taken back. */
  #mark(day: number, unit: number): number[] {
    const { bins } = this.#fleet.adding(day);
    const marks: number[] = [];
    const mark = (histogram: number, x: number, weight: number): void => {
      if (x <= 0) return;
      const at = histogram * BINS + binOf(x);
      bins[at]! += weight;
      marks.push(at, weight);
    };
    const habits = this.#raw.length;
    for (let h = 0; h < habits; h++) {
      if (this.#raw[h]! <= 0) continue;
      // A noisy identity counts less, so that it cannot move the fleet.
      mark(h, this.#raw[h]!, Math.max(1, Math.round(unit / Math.max(1, 10 ** (this.#among[h]! - this.#digits[h]!)))));
    }
    for (let c = 0; c < CHANNELS.length; c++) mark(habits + c, this.#channelRaw[c]!, unit);
    mark(habits + CHANNELS.length, this.#before, unit);
    mark(habits + CHANNELS.length + 1, this.#dayRaw, unit);
    return marks;
  }

  #young(sums: { strata: Float64Array; strataHours: Float64Array }): void {
    const stratum = stratumOf(this.#context.age);
    if (stratum < 0) return;
    sums.strataHours[stratum]! += this.#context.elapsed;
    for (let h = 0; h < this.#raw.length; h++) {
      if (this.#raw[h]! <= 0) continue;
      const digits = this.#among[h]!;
      for (let l = 0; l < LEVELS.length; l++) if (digits >= LEVELS[l]!) sums.strata[(h * STRATA.length + stratum) * LEVELS.length + l]! += 1;
    }
  }

  #learn(cells: Cells, sums: HourSums): void {
    const { all } = this.#habits;
    const context = this.#context;
    this.#ratio.fade(cells, context.decay);
    for (let h = 0; h < this.#raw.length; h++) if (this.#strata[h]! >= LEVELS[0]) this.#ratio.count(cells, h, this.#strata[h]!);
    for (let h = 0; h < all.length; h++) {
      const habit = all[h]!;
      if (habit.tools !== true) habit.learn(cells, sums, context);
      else if (sums.steps !== null || sums.arguments !== null) habit.learn(this.#toolCells, sums, context);
    }
    this.#common.learned(cells, context);
  }

  #told(sums: HourSums, facts: HourFacts, detail: boolean, held: boolean): HourScore {
    const { all } = this.#habits;
    const score = this.#final;
    let channel = -1;
    const shares = this.#shares(facts.kind);
    for (let c = 0; c < CHANNELS.length; c++) {
      if (this.#channelDigits[c]! > 0 && (channel === -1 || this.#channelDigits[c]! + shares[c]! > this.#channelDigits[channel]! + shares[channel]!)) channel = c;
    }
    const said: HourScore = {
      score, channel: channel === -1 ? null : CHANNELS[channel]!, channels: [], parts: [], readiness: this.#common.readiness(this.#context),
      since: this.#common.since(this.#cells), day: this.#day, held,
    };
    if (score < TOLD && !detail) return said;
    for (let c = 0; c < CHANNELS.length; c++) if (this.#channelDigits[c]! > 0) said.channels.push({ id: CHANNELS[c]!, calibrated: this.#channelDigits[c]! });
    for (let h = 0; h < all.length; h++) {
      if (this.#digits[h]! < (detail ? 0.1 : 1)) continue;
      const habit = all[h]!;
      const own = habit.tools === true ? this.#toolCells : this.#cells;
      said.parts.push({ habit: habit.id, channel: habit.channel, raw: this.#raw[h]!, calibrated: this.#digits[h]!, ...habit.tell(own, sums, this.#context) });
    }
    said.parts.sort((a, b) => b.calibrated - a.calibrated || (a.habit < b.habit ? -1 : 1));
    return said;
  }

  /** Events that such an hour reaches with probability ½, 5 % and 1 %; null while warming. */
  bands(identity: number, facts: HourFacts, start: Millis): Bands | null {
    this.#look(identity, facts, start);
    if (this.#common.readiness(this.#context) === 'warming') return null;
    const chance = this.#habits.when.chance(this.#cells, this.#context);
    return this.#habits.volume.bands(this.#cells, this.#context, chance, { p50: 0.5, p95: 0.05, p99: 0.01 });
  }

  readiness(identity: number, now: Millis): Readiness {
    this.#common.read(this.#own(identity, false, false), Math.floor(now / HOUR), this.#context);
    return this.#common.readiness(this.#context);
  }

  /** Takes today's level as the approved reference; false while there is too little to approve. */
  approve(identity: number, now: Millis): boolean { return this.#reference.approve(this.#own(identity, false, true), Math.floor(now / HOUR)); }

  /** Events a day now against the approved reference (1 = alike), and whether it has drifted; null without a reference. */
  level(identity: number, now: Millis): { ratio: number; drifted: boolean; approved: Millis } | null {
    return this.#reference.level(this.#own(identity, false, false), Math.floor(now / HOUR));
  }

  /** Everything learned that changed since the last call, as rows for the store; `gone` are keys to delete. */
  takeDirty(): { puts: { key: string; value: Uint8Array }[]; gone: string[] } {
    const json = (key: string, value: unknown) => ({ key, value: new TextEncoder().encode(JSON.stringify(value)) });
    const { puts, gone } = this.#held.takeDirty();
    return {
      puts: [
        json('a', { rows: this.#rows.layout, tools: this.#toolRows.layout, used: this.#toolRowsUsed }), json('fleet', this.#fleet.save()), json('peers', this.#peers.save()),
        json('sketch', this.#peers.sketch.save()), json('budget', this.budget.save()), ...puts.map(({ key, value }) => json(`held/${key}`, value)),
        ...this.#rows.takeDirty().map(({ key, value }) => ({ key: `row/${key}`, value })),
        ...this.#toolRows.takeDirty().map(({ key, value }) => ({ key: `tool/${key}`, value })),
        ...this.#peers.sketch.takeDirty().map(({ key, value }) => ({ key: `page/${key}`, value })),
      ],
      gone: gone.map((key) => `held/${key}`),
    };
  }

  #layouts: { rows: string; tools: string } | null = null;

  /** Takes back one row of `takeDirty`. Rows come in the order of their keys. */
  restore(key: string, value: Uint8Array): void {
    const [table, rest = ''] = split(key);
    if (table === 'row') this.#rows.restore(rest, value, this.#layouts!.rows);
    else if (table === 'tool') this.#toolRows.restore(rest, value, this.#layouts!.tools);
    else if (table === 'page') this.#peers.sketch.restorePage(rest, value);
    else {
      const saved: unknown = JSON.parse(new TextDecoder().decode(value));
      if (table === 'a') {
        const { rows, tools, used } = saved as { rows: string; tools: string; used: number };
        this.#layouts = { rows, tools };
        this.#toolRowsUsed = used;
      } else if (table === 'fleet') this.#fleet.restore(saved);
      else if (table === 'peers') this.#peers.restore(saved);
      else if (table === 'sketch') this.#peers.sketch.restore(saved);
      else if (table === 'budget') this.budget.restore(saved);
      else if (table === 'held') this.#held.restore(rest, saved);
    }
  }

  /** Bytes of all that was learned of an identity, for the state digest. */
  bytes(identity: number): Uint8Array[] {
    const cells = this.#own(identity, false, false);
    const tools = this.#common.toolRow(cells);
    // The number of the row of tools follows the order in which identities came: it is no part of what was learned.
    const own = this.#rows.bytes(identity);
    if (own !== null) this.#common.blank(own);
    return [own, tools > 0 ? this.#toolRows.bytes(tools) : null].filter((b) => b !== null);
  }
}

const CORROBORATION = CHANNELS.indexOf('corroboration');
const NOBODY: HourFacts = { kind: 'unknown', owner: null, purpose: null, environment: null, group: null, declared: false, violations: null };

function stratumOf(age: number): number {
  for (let s = 0; s < STRATA.length; s++) if (age < STRATA[s]!) return s;
  return -1;
}

/** A ratio known at the levels, at any digits between: 0 at none, constant beyond the last. */
function between(ratios: Float64Array, first: number, digits: number): number {
  let level = 0;
  let low = 0;
  for (let l = 0; l < LEVELS.length; l++) {
    const high = ratios[first + l]!;
    if (digits < LEVELS[l]!) return low + (high - low) * (digits - level) / (LEVELS[l]! - level);
    level = LEVELS[l]!;
    low = high;
  }
  return low;
}

function harmless({ facts, sums }: HeldHour): boolean {
  return sums.privileged === 0 && sums.sensitive === 0 && (facts.violations === null || Object.keys(facts.violations).length === 0);
}

function split(key: string): [string, string?] {
  const at = key.indexOf('/');
  return at === -1 ? [key] : [key.slice(0, at), key.slice(at + 1)];
}
