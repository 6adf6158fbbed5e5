import type { Bands, Cells, Habit, HourContext, HourFacts, HourScore, HourSums, Millis, Readiness } from '@remit/contract';
import { KeyedHash } from '../lib/hash.ts';
import { Budget, type Budgets } from './budget.ts';
import { Common } from './common.ts';
import { Fleet, type Epoch } from './fleet.ts';
import { Held, type HeldHour } from './held.ts';
import { compared, histogramsOf, Judgement, type Weights } from './judgement.ts';
import { Peers, type View } from './peers.ts';
import { Ratio } from './ratio.ts';
import { Reference, type Volume } from './reference.ts';
import { noCells, Rows } from './rows.ts';
import { UNIT } from './tail.ts';

const HOUR: Millis = 3_600_000;
/** Hours that deviate this much wait for a verdict before they are learned. */
const HOLD = 4;
/** Hours that deviate this much are learned, and taken out of the histograms again when they turn out to be bad soon after. */
const REMEMBER = 2.5;
/** A held hour that nobody judged is learned after this long, unless it left the remit or was sensitive. */
const RELEASE_HOURS = 14 * 24;
/** Part of an hour in an open finding that counts until somebody has judged it: many are misuse of which nobody was woken. */
const FOUND = 0.5;
/** An hour of which nobody was woken, and that nobody has judged, is counted after this long: misuse of a few hours must not make its own end usual. */
const COUNT_HOURS = 3 * 24;
/** Identities whose peers are kept at hand. */
const MOST_VIEWS = 4_096;

/** Habits as `baseline` makes them: those that bands and the sums of a day are read from stand out. */
export interface Habits {
  all: Habit[];
  when: { chance(cells: Cells, context: HourContext, moved: boolean): number };
  volume: { bands(cells: Cells, context: HourContext, chance: number, tails: Bands): Bands } & Volume;
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
  weights?: Weights;
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
  readonly #judgement: Judgement;
  #toolRowsUsed = 0;
  /** The peers of every identity, as of the day they were last asked for. */
  readonly #views = new Map<number, { facts: HourFacts; day: number; epoch: number; view: View }>();

  constructor(options: ScorerOptions) {
    this.#habits = options.habits;
    const { all } = options.habits;
    this.budget = new Budget(options.budget);
    this.#peers = new Peers(new KeyedHash(options.key));
    this.#reference = new Reference();
    this.#ratio = new Ratio(compared(all.length));
    const sums = { sums: (length: number) => this.#peers.claim(length) };
    let claimed = -1;
    const tenant = (habit: Habit) => ({
      name: `${habit.id}@${habit.version}`,
      claim: (cells: Parameters<Habit['claim']>[0]) => habit.claim(cells, ++claimed % 2 === 0 ? { sums: () => 0 } : sums),
    });
    this.#rows = new Rows([
      { name: 'common@4', claim: (cells) => this.#common.claim(cells) }, { name: `ratio@2:${all.map((h) => h.id).join(',')}`, claim: (cells) => this.#ratio.claim(cells) },
      { name: 'reference@3', claim: (cells) => this.#reference.claim(cells) }, ...all.filter((h) => h.tools !== true).map(tenant),
    ]);
    this.#toolRows = new Rows(all.filter((h) => h.tools === true).map(tenant));
    this.rowBytes = { every: this.#rows.rowBytes, tools: this.#toolRows.rowBytes };
    this.#fleet = new Fleet(histogramsOf(all), (day) => this.#peers.freeze(day));
    this.#held = new Held(options.sums);
    this.#judgement = new Judgement(options.habits, this.#common, this.#ratio, options.weights ?? {});
    this.#context = {
      hour: 0, slot: 0, age: 0, since: 0, active: 0, longest: 0, elapsed: 1, decay: 1, facts: NOBODY, peers: this.#peers.view([], 0, 0),
    };
  }

  /** What is said of the hour as it is now; changes nothing. `detail`: tell the parts whatever the score. */
  score(identity: number, sums: HourSums, facts: HourFacts, start: Millis, detail = false): HourScore {
    const epoch = this.#look(identity, facts, start);
    this.#judgement.judge(this.#cells, this.#toolCells, sums, this.#context, epoch);
    return epoch.grown ? this.#judgement.told(this.#cells, this.#toolCells, sums, this.#context, detail, false) : this.#unknown(false);
  }

  /** In the first weeks of a fleet everything about everybody is new, and nothing tells what is rare. */
  #unknown(held: boolean): HourScore {
    return { score: 0, channel: null, channels: [], parts: [], readiness: 'warming', since: this.#common.since(this.#cells), day: 0, held };
  }

  /**
   * The record: scores the hour for the last time, adds it to the fleet's day, and learns it unless it deviates by four digits, reaches
   * the `threshold` of pages or `learn` is false (it lies in an open finding): then it is held until `settle`. Hours of one identity close
   * in order. While the fleet is new, the score is 0 and says nothing.
   */
  close(identity: number, sums: HourSums, facts: HourFacts, start: Millis, learn = true, threshold = Infinity): HourScore {
    const hour = start / HOUR;
    this.#release(identity, hour);
    const epoch = this.#look(identity, facts, start);
    this.#judgement.judge(this.#cells, this.#toolCells, sums, this.#context, epoch);
    const odd = this.#judgement.final >= HOLD;
    const pages = this.#judgement.final >= threshold && this.#common.readiness(this.#context) !== 'warming';
    const held = !learn || (epoch.grown && (odd || pages));
    const said = epoch.grown ? this.#judgement.told(this.#cells, this.#toolCells, sums, this.#context, false, held) : this.#unknown(held);
    const day = Math.floor(hour / 24);
    const cells = this.#own(identity, sums.steps !== null || sums.arguments !== null, true);
    if (this.#context.age === 0 && this.#common.first(cells) === 0) this.#context.peers.add(0, 1);
    const sumsOfDay = this.#fleet.adding(day);
    const share = odd ? epoch.heldShare : !learn && epoch.grown ? FOUND : 1;
    const marks = held || Math.max(this.#judgement.final, this.#judgement.day) >= REMEMBER ? [] : null;
    this.#judgement.mark(sumsOfDay, Math.round(UNIT * share), cells, this.#context, epoch, marks);
    const { elapsed } = this.#context;
    sumsOfDay.hours += elapsed;
    if (odd) sumsOfDay.held++;
    if (epoch.grown) this.#judgement.young(sumsOfDay, this.#context);
    this.#common.cast(cells, this.#judgement.shown, this.#context, this.#judgement.final >= REMEMBER);
    this.#common.advance(cells, this.#context, this.#judgement.deviation);
    this.#reference.count(cells, hour, sums.events, this.#habits.volume);
    if (held) this.#held.put(identity, { hour, since: this.#context.since, sums, facts, marks: marks ?? [], share, counted: odd || pages ? null : false, exceeds: this.#judgement.exceedances() });
    else {
      if (marks !== null) this.#held.remember(identity, hour, marks);
      // What was odd only because everything was new says nothing of how noisy an identity is.
      if (!epoch.grown && this.#judgement.final >= REMEMBER) this.#judgement.forget();
      this.#learn(cells, sums);
    }
    return said;
  }

  /**
   * A person's word on the hours from `from` to `to` (starts, included) that are held: benign ones are learned and count in full,
   * bad ones are forgotten, and so is what hours between them that were learned within the last four days left in the
   * fleet's histograms. Returns how many were held.
   */
  settle(identity: number, from: Millis, to: Millis, benign: boolean): number {
    const settled = this.#held.take(identity, (h) => h.hour >= from / HOUR && h.hour <= to / HOUR);
    const learned = this.#held.recall(identity, from / HOUR, to / HOUR);
    // Days that nothing has read yet are put right themselves.
    const binsOf = (hour: number) => this.#fleet.adding(Math.floor(hour / 24)).bins;
    if (!benign) for (const { hour, marks } of learned) {
      for (let i = 0; i < marks.length; i += 2) binsOf(hour)[marks[i]!]! -= marks[i + 1]!;
    }
    for (const held of settled) {
      const factor = benign ? (1 - held.share) / Math.max(held.share, 1e-3) : -1;
      for (let i = 0; i < held.marks.length; i += 2) binsOf(held.hour)[held.marks[i]!]! += Math.round(held.marks[i + 1]! * factor);
      this.#judged(identity, held, benign);
    }
    return settled.length;
  }

  /** Hours that wait for a verdict, oldest first: how many, since when, and those that time alone does not release. */
  held(): { count: number; oldest: Millis | null; needsVerdict: number } { return this.#held.summary(); }

  #release(identity: number, hour: number): void {
    if (!this.#held.has(identity)) return;
    for (const held of this.#held.count(identity, hour - COUNT_HOURS)) {
      const cells = this.#look(identity, held.facts, held.hour * HOUR) && this.#own(identity, false, true);
      this.#wait(cells, held, 1);
    }
    for (const held of this.#held.take(identity, (h) => h.hour <= hour - RELEASE_HOURS && harmless(h))) this.#judged(identity, held, true);
  }

  #judged(identity: number, held: HeldHour, benign: boolean): void {
    const cells = this.#look(identity, held.facts, held.hour * HOUR) && this.#own(identity, held.sums.steps !== null, true);
    if (held.counted === true) this.#wait(cells, held, -1);
    if (!benign) return;
    Object.assign(this.#context, { elapsed: 0, decay: 1, since: held.since });
    this.#judgement.forget();
    this.#learn(cells, held.sums);
  }

  /** Who stands out day after day while nobody answers is noisy, and counts as such. */
  #wait(cells: Cells, { sums, exceeds }: HeldHour, by: 1 | -1): void {
    this.#judgement.recount(cells, exceeds, by);
    for (const habit of this.#habits.all) habit.wait?.(cells, sums, this.#context, by);
  }

  #own(identity: number, tools: boolean, write: boolean): Cells {
    const cells = this.#cells;
    this.#rows.seek(cells, identity, write);
    let number = this.#common.toolRow(cells);
    if (number === 0 && tools && write) this.#common.setToolRow(cells, number = ++this.#toolRowsUsed);
    this.#toolRows.seek(this.#toolCells, number, write && number > 0);
    return cells;
  }

  #look(identity: number, facts: HourFacts, start: Millis, { epoch, number } = this.#fleet.at(dayOf(start))): Epoch {
    const hour = Math.floor(start / HOUR);
    const cells = this.#own(identity, false, false);
    this.#common.read(cells, hour, this.#context);
    this.#context.facts = facts;
    this.#context.peers = this.#view(identity, facts, number, dayOf(start));
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

  #learn(cells: Cells, sums: HourSums): void {
    const { all } = this.#habits;
    const context = this.#context;
    this.#ratio.fade(cells, context.decay);
    this.#judgement.count(cells);
    for (let h = 0; h < all.length; h++) {
      const habit = all[h]!;
      if (habit.tools !== true) habit.learn(cells, sums, context);
      else if (sums.steps !== null || sums.arguments !== null) habit.learn(this.#toolCells, sums, context);
    }
    this.#common.learned(cells, context);
  }

  /** Events that such an hour reaches with probability ½, 5 % and 1 %; null while warming. Changes nothing, however far ahead the hour is. */
  bands(identity: number, facts: HourFacts, start: Millis): Bands | null {
    const seen = this.#fleet.seen(dayOf(start));
    if (seen === null) return null;
    this.#look(identity, facts, start, seen);
    if (this.#common.readiness(this.#context) === 'warming') return null;
    const chance = this.#habits.when.chance(this.#cells, this.#context, false);
    return this.#habits.volume.bands(this.#cells, this.#context, chance, { p50: 0.5, p95: 0.05, p99: 0.01 });
  }

  /** How far an identity can be judged by its own past; `warming` too while the whole fleet is new. */
  readiness(identity: number, now: Millis): Readiness {
    if (this.#fleet.seen(dayOf(now))?.epoch.grown !== true) return 'warming';
    this.#rows.seekHead(this.#cells, identity);
    this.#common.read(this.#cells, Math.floor(now / HOUR), this.#context);
    return this.#common.readiness(this.#context);
  }

  /** Takes today's level as the approved reference; false while there is too little to approve. */
  approve(identity: number, now: Millis): boolean {
    const cells = this.#own(identity, false, true);
    const hour = Math.floor(now / HOUR);
    this.#common.read(cells, hour, this.#context);
    return this.#reference.approve(cells, hour, this.#context.age);
  }

  /** Events of a day now against the approved reference (1 = alike), and whether it has drifted; null without a reference. */
  level(identity: number, now: Millis): { ratio: number; drifted: boolean; approved: Millis } | null {
    return this.#reference.level(this.#own(identity, false, false), Math.floor(now / HOUR));
  }

  /** Everything learned that changed since the last call, as rows for the store, to be read to the end before anything is learned; `gone` are keys to delete. */
  takeDirty(): { puts: Iterable<{ key: string; value: Uint8Array }>; gone: string[] } {
    const { puts, gone } = this.#held.takeDirty();
    return { puts: this.#puts(puts), gone: [...gone.map((key) => `held/${key}`), ...this.#peers.sketch.takeGoneDays().map((key) => `day/${key}`)] };
  }

  * #puts(held: { key: string; value: unknown }[]): Generator<{ key: string; value: Uint8Array }> {
    const json = (key: string, value: unknown) => ({ key, value: new TextEncoder().encode(JSON.stringify(value)) });
    yield json('a', { rows: this.#rows.layout, tools: this.#toolRows.layout, used: this.#toolRowsUsed });
    yield json('fleet', this.#fleet.save());
    yield json('peers', this.#peers.save());
    yield json('sketch', this.#peers.sketch.save());
    yield json('budget', this.budget.save());
    for (const { key, value } of held) yield json(`held/${key}`, value);
    for (const { key, value } of this.#rows.takeDirty()) yield { key: `row/${key}`, value };
    for (const { key, value } of this.#toolRows.takeDirty()) yield { key: `tool/${key}`, value };
    for (const { key, value } of this.#peers.sketch.takeDirty()) yield { key: `page/${key}`, value };
    for (const { key, value } of this.#peers.sketch.takeDirtyDays()) yield { key: `day/${key}`, value };
  }

  #layouts: { rows: string; tools: string } | null = null;
  #fleetKept = false;

  /** Takes back one row of `takeDirty`. Rows come in the order of their keys. */
  restore(key: string, value: Uint8Array): void {
    const [table, rest = ''] = split(key);
    if (table === 'row') this.#rows.restore(rest, value, this.#layouts!.rows);
    else if (table === 'tool') this.#toolRows.restore(rest, value, this.#layouts!.tools);
    else if (table === 'page') this.#peers.sketch.restorePage(rest, value);
    else if (table === 'day') this.#peers.sketch.restoreDay(rest, value);
    else {
      const saved: unknown = JSON.parse(new TextDecoder().decode(value));
      if (table === 'a') {
        const { rows, tools, used } = saved as { rows: string; tools: string; used: number };
        this.#layouts = { rows, tools };
        this.#toolRowsUsed = used;
      } else if (table === 'fleet') this.#fleetKept = this.#fleet.restore(saved);
      else if (table === 'peers') this.#peers.restore(saved);
      else if (table === 'sketch') this.#peers.sketch.restore(saved);
      else if (table === 'budget') this.budget.restore(saved);
      else if (table === 'held') this.#held.restore(rest, saved, this.#fleetKept);
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

const NOBODY: HourFacts = { kind: 'unknown', owner: null, purpose: null, environment: null, group: null, declared: false, violations: null };

function dayOf(start: Millis): number { return Math.floor(start / (24 * HOUR)); }

function harmless({ facts, sums }: HeldHour): boolean {
  return sums.privileged === 0 && sums.sensitive === 0 && (facts.violations === null || Object.keys(facts.violations).length === 0);
}

function split(key: string): [string, string?] {
  const at = key.indexOf('/');
  return at === -1 ? [key] : [key.slice(0, at), key.slice(at + 1)];
}
