import type { Millis, NhiEvent } from '@remit/contract';
import { special, type Character, type Habit } from './character.ts';
import { callOf, eventOf, type Facts } from './facts.ts';
import { HOUR } from './options.ts';
import { Random } from './random.ts';
import { EXPORT, READ_RECORDS, ROTATE, USE_SECRET, type Action, type Tool } from './world.ts';
import type { LocalHour } from './zone-hours.ts';

const LIFE = 2;
/** Troubles a day and identity: storms of retries, bursts of errors, outages with work that piles up. Deploys a day. */
const STORMS = 1 / 60;
const ERROR_BURSTS = 1 / 40;
const OUTAGES = 1 / 90;
const DEPLOYS = 1 / 40;
const MOVES = 1 / 30;
const MOST_IN_STORM = 1500;

/** The conforming life of one identity, hour by hour, in order. */
export class Life {
  readonly c: Character;
  /** The most bytes it moved in an hour so far. */
  most = 0;
  /** Mean operations in an hour that moved something. */
  usual = 0;
  /** What amounts are multiplied by, while somebody drains data. */
  drain = 1;
  #drift = 1;
  #hours = 0;
  readonly #random: Random;
  #next = 0;
  #misused = 0;
  #storm = { until: 0, factor: 1 };
  #errors = { until: 0, rate: 0 };
  #outage = { until: 0, backlog: 0 };
  #rerun = -1;
  #grown = 1;

  constructor(character: Character, seed: number) {
    this.c = character;
    this.#random = new Random(seed, LIFE, character.index);
  }

  /** Growth of 2 % a day, or whatever is asked for, from this hour on. */
  grow(daily: number): void {
    this.#drift = 1 + daily;
  }

  /** Adds the events of one hour. */
  hour(start: Millis, local: LocalHour, out: NhiEvent[]): void {
    const { c } = this;
    if (start < c.from || start >= c.to) return;
    if (local.ofDay === 0 || start === c.from) this.#newDay(start, local);
    if (c.pause && start >= c.pause.from && start < c.pause.to) return;
    const before = out.length;
    const mean = this.#mean(local) * this.#grown;
    if (start < this.#outage.until) {
      this.#outage.backlog += mean;
      return;
    }
    let count = mean === 0 || !this.#random.chance(c.active[local.ofWeek]!) ? 0 : this.#random.negativeBinomial(mean, c.dispersion);
    if (this.#isSpecial(local)) count = this.#random.negativeBinomial(mean, c.dispersion);
    count += this.#backlog();
    if (c.purpose) this.#runs(start, count, out);
    else this.#work(start, local, count, out);
    this.#extras(start, local, out);
    this.#measure(before, out);
  }

  /** One act at an instant of the hour. */
  act(time: Millis, action: Action, facts: Facts): NhiEvent {
    return eventOf(this.c, `${this.c.index.toString(36)}-${(this.#next++).toString(36)}`, Math.floor(time), action, facts);
  }

  /** The same by somebody else in its name: leaves no trace in what it does itself. */
  misuse(time: Millis, action: Action, facts: Facts): NhiEvent {
    return eventOf(this.c, `${this.c.index.toString(36)}.${(this.#misused++).toString(36)}`, Math.floor(time), action, facts);
  }

  #mean({ ofWeek, ofDay, month, days }: LocalHour): number {
    const { rate, monthly } = this.c;
    if (monthly?.day === month && monthly.hour === ofDay) return monthly.mean;
    if (this.#rerun === days * 24 + ofDay) return Math.max(8, ...rate) / 2;
    return rate[ofWeek]!;
  }

  #isSpecial({ ofDay, month, days }: LocalHour): boolean {
    const { monthly } = this.c;
    return (monthly?.day === month && monthly.hour === ofDay) || this.#rerun === days * 24 + ofDay;
  }

  #newDay(start: Millis, local: LocalHour): void {
    const { c } = this;
    const random = this.#random;
    this.#grown *= (1 + c.trend) * this.#drift;
    if (random.chance(STORMS)) {
      const from = start + random.whole(0, 23) * HOUR;
      this.#storm = { until: from + random.whole(1, 3) * HOUR, factor: Math.min(60, 2 * random.pareto(1.2)) };
    }
    if (random.chance(ERROR_BURSTS)) this.#errors = { until: start + random.whole(4, 24) * HOUR, rate: random.between(0.1, 0.8) };
    if (random.chance(OUTAGES)) this.#outage = { until: start + random.whole(3, 20) * HOUR, backlog: 0 };
    if (local.weekday < 5 && random.chance(c.rerun)) this.#rerun = local.days * 24 + random.whole(6, 22);
    if (random.chance(DEPLOYS)) this.#deploy();
    if (random.chance(MOVES)) this.#move();
  }

  /** A release that brings an action or a target. */
  #deploy(): void {
    const { c } = this;
    const random = this.#random;
    const next = random.chance(0.5) ? c.later.shift() : undefined;
    if (next) c.habits.splice(Math.min(c.habits.length, random.whole(1, 3)), 0, next);
    else if (c.habits.length > 0) {
      const habit = random.pick(c.habits);
      habit.targets.push(`${habit.action.on}/${c.name}/${habit.targets.length}`);
    }
  }

  /** Another address: nearly always beside the old ones. */
  #move(): void {
    const { networks } = this.c;
    const random = this.#random;
    const old = random.pick(networks).split('.');
    if (random.chance(0.15)) old[2] = String(random.whole(0, 255));
    old[3] = String(random.whole(2, 250));
    networks[random.whole(0, networks.length - 1)] = old.join('.');
  }

  #backlog(): number {
    const { backlog } = this.#outage;
    if (backlog < 1) return 0;
    const now = Math.min(backlog, 400) * this.#random.between(0.3, 0.9);
    this.#outage.backlog -= now;
    return Math.round(now);
  }

  #work(start: Millis, local: LocalHour, count: number, out: NhiEvent[]): void {
    const { c } = this;
    const random = this.#random;
    const storm = start < this.#storm.until && start >= this.#storm.until - 3 * HOUR && count > 0 ? this.#storm.factor : 1;
    const from = start + (c.rate[(local.ofWeek + 167) % 168] === 0 ? c.minute * 60_000 : 0);
    for (let i = 0; i < count; i++) {
      const habit: Habit = random.next() < c.sensitive ? special(c, READ_RECORDS) : c.habits[random.zipf(c.habits.length)]!;
      this.#done(random.between(from, start + HOUR), habit, out);
    }
    const retries = Math.min(MOST_IN_STORM, Math.round(count * (storm - 1)));
    if (retries === 0) return;
    const habit = c.habits[random.zipf(c.habits.length)]!;
    const target = random.pick(habit.targets);
    for (let i = 0; i < retries; i++) {
      out.push(this.act(random.between(from, start + HOUR), habit.action, { target, network: c.networks[0]!, failed: random.chance(0.9) }));
    }
  }

  #done(time: Millis, { action, targets, bytes }: Habit, out: NhiEvent[]): void {
    const { c } = this;
    const random = this.#random;
    const failed = random.chance(time < this.#errors.until ? this.#errors.rate : c.errors);
    const moved = bytes === 0 || failed ? 0 : Math.round(random.logNormal(bytes, 0.6) * this.drain);
    const secret = action === ROTATE ? random.pick(c.rotation!.names) : undefined;
    out.push(this.act(time, action, {
      target: targets[random.zipf(targets.length)]!, bytes: moved, network: c.networks[random.zipf(c.networks.length)]!, failed: failed && !random.chance(0.1),
      denied: false, restricted: action === READ_RECORDS, ...(secret === undefined ? {} : { secret }),
    }));
  }

  /** Rotations, exports and starts: acts with a time of their own. */
  #extras(start: Millis, local: LocalHour, out: NhiEvent[]): void {
    const { c } = this;
    const random = this.#random;
    if (c.rotation && local.weekday === c.rotation.weekday && local.ofDay === c.rotation.hour && random.chance(0.9)) {
      for (const _ of c.rotation.names) this.#done(random.between(start, start + 30 * 60_000), special(c, ROTATE), out);
      this.#done(random.between(start + 30 * 60_000, start + HOUR), special(c, USE_SECRET), out);
    }
    if (c.exports?.hour === local.ofDay && random.chance(0.97)) {
      for (let n = 1 + random.negativeBinomial(c.exports.mean, 0.1); n > 0; n--) this.#done(random.between(start, start + HOUR), special(c, EXPORT), out);
    }
  }

  #runs(start: Millis, count: number, out: NhiEvent[]): void {
    const { c } = this;
    const random = this.#random;
    for (let n = Math.min(count, 60); n > 0; n--) {
      const { steps } = c.purpose!.runs[random.zipf(c.purpose!.runs.length)]!;
      const tools = steps.flatMap(({ tool, most }) => new Array<Tool>(random.whole(1, most)).fill(tool));
      if (random.chance(c.sloppy)) tools.splice(random.whole(0, tools.length), 0, random.pick(random.pick(c.purpose!.runs).steps).tool);
      this.#run(random.between(start, start + HOUR - 120_000), tools, out);
    }
  }

  /** One run of an agent: its calls one after another. */
  #run(start: Millis, tools: readonly Tool[], out: NhiEvent[]): void {
    const { c } = this;
    const random = this.#random;
    const id = `${c.index.toString(16).padStart(8, '0')}${Math.floor(random.next() * 2 ** 32).toString(16).padStart(8, '0')}${this.#next.toString(16).padStart(16, '0')}`;
    let at = start;
    for (const tool of tools) {
      const duration = Math.round(random.between(200, 4000));
      const restricted = !tool.writes && random.next() < c.sensitive;
      const failed = random.chance(at < this.#errors.until ? this.#errors.rate / 3 : c.errors);
      out.push(this.act(at, callOf(tool), {
        tool, run: id, duration, network: c.networks[0]!, failed, restricted, target: `${tool.server}/${c.name}/${restricted ? 'restricted' : random.zipf(6)}`,
      }));
      at += duration + random.between(100, 3000);
    }
  }

  #measure(before: number, out: readonly NhiEvent[]): void {
    let bytes = 0;
    let moving = 0;
    for (let i = before; i < out.length; i++) {
      const moved = out[i]!.volume?.bytes_out ?? 0;
      if (moved === 0) continue;
      bytes += moved;
      moving++;
    }
    if (bytes === 0) return;
    if (bytes > this.most) this.most = bytes;
    this.#hours++;
    this.usual += (moving - this.usual) / Math.min(this.#hours, 200);
  }
}
