import type { HourFacts, HourScore } from '@remit/contract';
import { habits } from '../../exporter/src/baseline/habits/all.ts';
import { restoreSums, saveSums } from '../../exporter/src/baseline/sums.ts';
import { Scorer } from '../../exporter/src/score/scorer.ts';
import type { Label } from '../../exporter/src/simulate/options.ts';
import { KEY, read, type Closed, type Head } from './hours.ts';

const HOUR = 3_600_000;
const DAY = 24;
export const BUDGETS = [5, 20, 50] as const;

export interface RunOptions {
  /** Without the remit: behaviour only. */
  bare?: boolean;
  /** Nobody answers a page. */
  unattended?: boolean;
  /** Labels are dealt out anew: to see that chance recalls nothing. */
  shuffled?: boolean;
  /** Misuse is judged and left out of everything learned: how well habits could tell it, were nothing ever mislearned. */
  oracle?: boolean;
  /** What every misuse that the middle budget missed looked like in its strongest hour. */
  missed?: boolean;
}
/** What one run over one recording gave. */
export interface Measured {
  identityHours: number; conforming: number; above: number[]; byWeek: number[][]; weeks: number; identities: number;
  /** Hits at the budgets, by tickets of the day, by certain pages, and by the middle budget or a certain page. */
  recall: Map<string, { hit: number[]; of: number }>; delays: number[];
  /** Hours from the first active one after the end of life to the certain page. */
  certainDelays: number[];
  dayOnePages: number; newcomers: number; p95: number; p99: number; banded: number; topTen: number;
  drip: { hit: number; of: number; false: number }; drift: { flagged: number; of: number; false: number; years: number; bySort: Map<string, { flagged: number; of: number }> };
  channels: Map<string, number>; held: number;
  /** Microseconds a closed hour, in the middle; and an identity-hour, those included in which nothing was done. */
  micros: number; microsAnHour: number; rowBytes: number; wonBy: Map<string, number>;
  /** Only where asked for: one line a missed misuse. */
  missed: string[];
}

/** Feeds a recording to a new scorer, with an analyst who answers every page of the middle budget a day later. */
export async function run(path: string, options: RunOptions): Promise<Measured> {
  const state = new State(options);
  await read(path, (head) => state.begin(head), (closed) => state.close(closed));
  return state.finish();
}

class State {
  readonly #options: RunOptions;
  readonly scorer = new Scorer({ habits: habits(), sums: { save: saveSums, restore: restoreSums }, key: KEY, budget: { fleet: 20 } });
  #head!: Head;
  #from = 0;
  #labels = new Map<number, Label[]>();
  #firstHour: Float64Array = new Float64Array(0);
  #lastHour: Float64Array = new Float64Array(0);
  #falseHours: Float64Array = new Float64Array(0);
  readonly #open = new Map<string, number>();
  readonly #hits = new Map<Label, { at: number[] }>();
  readonly #firstActive = new Map<Label, number>();
  readonly #tickets = new Map<number, number>();
  readonly #verdicts: { at: number; identity: number; from: number; to: number }[] = [];
  /** When it last paged: a day long its hours lie in an open finding. */
  readonly #paged = new Map<number, number>();
  #thresholds: number[] = [];
  #ticket = Infinity;
  #day = -1;
  #alive = 0;
  readonly #times: number[] = [];
  #calls = 0;
  /** Identity-hours so far, quiet ones included. */
  #hours = 0;
  m!: Measured;

  constructor(options: RunOptions) {
    this.#options = options;
  }

  begin(head: Head): void {
    this.#head = head;
    const n = head.who.length;
    this.#firstHour = new Float64Array(n).fill(Infinity);
    this.#lastHour = new Float64Array(n).fill(-Infinity);
    this.#falseHours = new Float64Array(n);
    this.#from = head.start / HOUR + Math.min(4, Math.floor((head.end - head.start) / HOUR / 168 / 3)) * 168;
    const index = new Map(head.who.map(({ urn }, i) => [urn, i]));
    head.labels.forEach((label, i) => {
      const to = this.#options.shuffled === true ? index.get(head.labels[(i * 7 + 3) % head.labels.length]!.identity)! : index.get(label.identity)!;
      this.#labels.set(to, [...(this.#labels.get(to) ?? []), label]);
    });
    this.m = {
      identityHours: 0, conforming: 0, above: [0, 0, 0, 0, 0], byWeek: BUDGETS.map(() => []), weeks: (head.end - head.start) / HOUR / 168, identities: n,
      recall: new Map(), delays: [], certainDelays: [], dayOnePages: 0, newcomers: 0, p95: 0, p99: 0, banded: 0, topTen: 0,
      drip: { hit: 0, of: 0, false: 0 }, drift: { flagged: 0, of: 0, false: 0, years: 0, bySort: new Map() }, channels: new Map(), held: 0, micros: 0, microsAnHour: 0, rowBytes: 0, wonBy: new Map(), missed: [],
    };
  }

  close({ hour, identity, sums, violations }: Closed): void {
    const day = Math.floor(hour / DAY);
    this.#settle(hour);
    if (day !== this.#day) this.#turn(day, hour);
    const who = this.#head.who[identity]!;
    const bare = this.#options.bare === true;
    const facts: HourFacts = { ...who.facts, declared: !bare && who.facts.declared, violations: bare ? null : violations };
    const attack = (this.#labels.get(identity) ?? []).find((l) => l.use_case !== 'drift' && hour * HOUR >= Math.floor(l.start / HOUR) * HOUR && hour * HOUR < l.end);
    const counted = hour >= this.#from && attack === undefined;
    // Work after the end of life is certain: it pages by itself, lies in an open finding, and has its verdict a day later.
    const certain = facts.violations !== null && facts.violations.lifecycle! > 0;
    if (attack !== undefined && !this.#firstActive.has(attack)) this.#firstActive.set(attack, hour);
    if (certain) {
      this.#paged.set(identity, hour);
      if (attack !== undefined) this.#hit(attack, 4, hour);
      if (this.#options.unattended !== true) this.#verdicts.push({ at: hour + DAY, identity, from: hour - DAY, to: hour + DAY });
    }
    const elapsed = this.#lastHour[identity] === -Infinity ? 1 : hour - this.#lastHour[identity]!;
    if (counted) this.#banded(identity, facts, hour, sums.events, elapsed);
    if (attack !== undefined && this.#options.missed === true) this.#seen(attack, this.scorer.score(identity, sums, facts, hour * HOUR, true));
    const started = this.#calls % 64 === 0 ? process.hrtime.bigint() : 0n;
    const said = this.#options.oracle === true && attack !== undefined ? this.scorer.score(identity, sums, facts, hour * HOUR) : this.scorer.close(identity, sums, facts, hour * HOUR, !certain && !(this.#paged.get(identity)! > hour - DAY), this.#thresholds[1]);
    if (this.#calls++ % 64 === 0) this.#times.push(Number(process.hrtime.bigint() - started));
    if (this.#firstHour[identity] === Infinity) {
      this.#firstHour[identity] = hour;
      if (hour > this.#from) this.m.newcomers++;
    }
    this.#lastHour[identity] = hour;
    this.#hours += elapsed;
    if (hour >= this.#from) this.m.identityHours += elapsed;
    if (counted) {
      this.m.conforming += elapsed;
      for (let k = 1; k <= 5; k++) if (said.score >= k) this.m.above[k - 1]!++;
    }
    this.#page(identity, hour, said, attack);
  }

  readonly #strongest = new Map<Label, HourScore>();
  #seen(attack: Label, said: HourScore): void {
    const before = this.#strongest.get(attack);
    if (before === undefined || before.score < said.score) this.#strongest.set(attack, said);
  }

  #banded(identity: number, facts: HourFacts, hour: number, events: number, elapsed: number): void {
    // A quantile costs a dozen tails: every fourth hour tells enough.
    if (hour % 4 !== 0) return;
    const bands = this.scorer.bands(identity, facts, hour * HOUR);
    if (bands === null) return;
    this.m.banded += elapsed;
    if (events > bands.p95) this.m.p95++;
    if (events > bands.p99) this.m.p99++;
  }

  #page(identity: number, hour: number, said: HourScore, attack: Label | undefined): void {
    BUDGETS.forEach((_, b) => {
      if (said.score < this.#thresholds[b]!) return;
      const key = `${b} ${identity} ${said.channel}`;
      const last = this.#open.get(key) ?? -Infinity;
      this.#open.set(key, hour);
      if (attack !== undefined) this.#hit(attack, b, hour);
      else if (b === 1) this.#falseHours[identity]!++;
      if (b === 1) this.#paged.set(identity, hour);
      if (b === 1 && this.#options.unattended !== true) this.#verdicts.push({ at: hour + DAY, identity, from: hour - DAY, to: hour + DAY });
      if (hour - last <= DAY) return;
      if (b === 1) {
        if (hour - this.#firstHour[identity]! < DAY && hour > this.#from) {
          this.m.dayOnePages++;
          if (this.#options.missed === true) this.m.missed.push(`(newcomer) ${this.#head.who[identity]!.sort}, ${hour - this.#firstHour[identity]!} h: ${told(said)}`);
        }
      }
      if (attack !== undefined || hour < this.#from) return;
      const week = Math.floor((hour - this.#head.start / HOUR) / 168);
      this.m.byWeek[b]![week] = (this.m.byWeek[b]![week] ?? 0) + 1;
      if (b !== 1) return;
      this.m.channels.set(String(said.channel), (this.m.channels.get(String(said.channel)) ?? 0) + 1);
      const why = `${this.#head.who[identity]!.sort} ${said.parts[0]?.habit}`;
      this.m.wonBy.set(why, (this.m.wonBy.get(why) ?? 0) + 1);
    });
    if (said.day >= this.#ticket) {
      if (attack !== undefined) this.#hit(attack, 3, hour);
      else if (hour >= this.#from && hour - (this.#tickets.get(identity) ?? -Infinity) > DAY) this.m.drip.false++;
      this.#tickets.set(identity, hour);
    }
  }

  #hit(attack: Label, b: number, hour: number): void {
    let hits = this.#hits.get(attack);
    if (hits === undefined) this.#hits.set(attack, hits = { at: [] });
    hits.at[b] ??= hour;
  }

  #turn(day: number, hour: number): void {
    this.#day = day;
    this.#alive = this.#lastHour.reduce((n, last) => n + (hour - last < 28 * DAY ? 1 : 0), 0);
    const n = Math.max(this.#alive, 1);
    this.#thresholds = BUDGETS.map((b) => Math.log10(168 * n / (b * this.#head.who.length / 1000)));
    this.#ticket = this.#thresholds[1]!;
    this.#drift(day, hour);
  }

  /** The analyst's word on what was paged a day ago. */
  #settle(hour: number): void {
    while (this.#verdicts.length > 0 && this.#verdicts[0]!.at <= hour) {
      const { identity, from, to } = this.#verdicts.shift()!;
      const bad = (this.#labels.get(identity) ?? []).some((l) => l.use_case !== 'drift' && (to - DAY) * HOUR < l.end && (to - DAY + 1) * HOUR > l.start);
      this.scorer.settle(identity, from * HOUR, to * HOUR, !bad);
    }
  }

  readonly #flagged = new Map<number, number>();
  #drift(day: number, hour: number): void {
    if (hour < this.#from) return;
    const approving = hour - this.#from < DAY;
    for (let i = 0; i < this.#head.who.length; i++) {
      if (approving) this.scorer.approve(i, hour * HOUR);
      else if (this.scorer.level(i, hour * HOUR)?.drifted === true && !this.#flagged.has(i)) this.#flagged.set(i, day);
    }
  }

  finish(): Measured {
    const { m } = this;
    for (const [identity, labels] of this.#labels) for (const label of labels) {
      if (label.use_case === 'drift') {
        const flagged = this.#flagged.get(identity);
        const inTime = flagged !== undefined && flagged - Math.floor(label.start / HOUR / DAY) <= 30;
        const { sort } = this.#head.who[identity]!;
        const alike = m.drift.bySort.get(sort) ?? { flagged: 0, of: 0 };
        m.drift.bySort.set(sort, alike);
        for (const counts of [m.drift, alike]) {
          counts.of++;
          if (inTime) counts.flagged++;
        }
        if (inTime) continue;
        if (this.#options.missed === true) m.missed.push(`drift, ${this.#head.who[identity]!.sort} ${identity}: now ${this.scorer.level(identity, this.#head.end)?.ratio.toFixed(2)}, flagged on day ${flagged === undefined ? '-' : flagged - Math.floor(label.start / HOUR / DAY)}`);
        continue;
      }
      const keys = [label.use_case, `${label.use_case} ${label.level}`];
      if (label.use_case === 'decommissioned') keys.push(`decommissioned, ${this.#head.who[identity]!.facts.declared && this.#options.bare !== true ? 'declared' : 'undeclared'}`);
      for (const key of keys) {
        const recall = m.recall.get(key) ?? { hit: [0, 0, 0, 0, 0, 0], of: 0 };
        m.recall.set(key, recall);
        recall.of++;
        for (let b = 0; b < 5; b++) if (this.#hits.get(label)?.at[b] !== undefined) recall.hit[b]!++;
      }
      const { at: hits } = this.#hits.get(label) ?? { at: [] };
      if (hits[1] !== undefined || hits[4] !== undefined) for (const key of keys) m.recall.get(key)!.hit[5]!++;
      const at = hits[1];
      if (hits[4] !== undefined) m.certainDelays.push(hits[4] - this.#firstActive.get(label)!);
      if (at === undefined && hits[4] === undefined && this.#options.missed === true) m.missed.push(`${label.use_case} ${label.level}, ${this.#head.who[identity]!.sort}${this.#head.who[identity]!.facts.declared ? ', declared' : ''}: ${told(this.#strongest.get(label))}`);
      if (at !== undefined) m.delays.push(at - Math.floor(label.start / HOUR));
    }
    const drifting = new Set([...this.#labels].filter(([, l]) => l.some(({ use_case }) => use_case === 'drift' || use_case === 'export-drip')).map(([i]) => i));
    for (const i of this.#flagged.keys()) if (!drifting.has(i)) {
      m.drift.false++;
      if (this.#options.missed === true) m.missed.push(`(drift of none) ${this.#head.who[i]!.sort} ${i}: now ${this.scorer.level(i, this.#head.end)?.ratio.toFixed(2)}, flagged on day ${this.#flagged.get(i)! - Math.floor(this.#from / DAY)}`);
    }
    m.drift.years = (this.#head.end / HOUR - this.#from) / 8766 * this.#head.who.length;
    const sorted = [...this.#falseHours].sort((a, b) => b - a);
    m.topTen = sorted.slice(0, 10).reduce((a, b) => a + b, 0) / Math.max(1, sorted.reduce((a, b) => a + b, 0));
    m.held = this.scorer.held().count;
    // The machine may be busy with other things: the middle is what it costs.
    m.micros = this.#times.sort((a, b) => a - b)[this.#times.length >> 1]! / 1000;
    m.microsAnHour = m.micros * this.#calls / Math.max(1, this.#hours);
    m.rowBytes = this.scorer.rowBytes.every;
    return m;
  }
}

function told(said: HourScore | undefined): string {
  if (said === undefined) return 'never active';
  const digits = (x: number) => x.toFixed(2);
  return `${digits(said.score)} by ${said.channel}, day ${digits(said.day)}; ${said.channels.map(({ id, calibrated }) => `${id} ${digits(calibrated)}`).join(' ')}; ${said.parts.map(({ habit, raw, calibrated }) => `${habit} ${digits(raw)} → ${digits(calibrated)}`).join(', ')}`;
}
