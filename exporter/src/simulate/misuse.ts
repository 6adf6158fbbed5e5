import type { Millis, NhiEvent } from '@remit/contract';
import { special, type Character, type Habit } from './character.ts';
import { callOf } from './facts.ts';
import type { Life } from './life.ts';
import { HOUR } from './options.ts';
import type { Attack } from './plan.ts';
import { Random } from './random.ts';
import { ACTIONS, EXFILTRATE, EXPORT, GRANT, READ_RECORDS, ROTATE, TOOLS, type Tool } from './world.ts';
import type { LocalHour } from './zone-hours.ts';

/** One misuse as it happens, hour by hour. */
export class Misuse {
  readonly attack: Attack;
  readonly #random: Random;
  readonly #elsewhere: string;
  /** First and last time of what it did. */
  first = Infinity;
  last = -Infinity;

  constructor(attack: Attack) {
    this.attack = attack;
    this.#random = new Random(attack.seed, attack.index);
    this.#elsewhere = `198.51.${this.#random.whole(100, 103)}.${this.#random.whole(2, 250)}`;
  }

  /** Adds the events of one hour. `usual` is what the identity did itself in it. */
  hour(start: Millis, local: LocalHour, life: Life, out: NhiEvent[]): void {
    const before = out.length;
    const { label, strength } = this.attack;
    switch (label.use_case) {
      case 'off-hours': this.#read(start, life, [2, 8, 30][strength]!, strength, out); break;
      case 'sequence': this.#sequence(start, life, strength, out); break;
      case 'secrets': this.#secrets(start, life, strength, out); break;
      case 'export': this.#export(start, life, [2, 3, 10][strength]!, out); break;
      case 'decommissioned': this.#afterlife(start, local, life, strength, out); break;
      default: return;
    }
    for (let i = before; i < out.length; i++) {
      this.first = Math.min(this.first, out[i]!.time);
      this.last = Math.max(this.last, out[i]!.time);
    }
  }

  /** Sensitive records at an hour at which the identity never works. */
  #read(start: Millis, life: Life, count: number, strength: number, out: NhiEvent[]): void {
    const network = strength === 2 ? this.#elsewhere : life.c.networks[0]!;
    const { targets, bytes } = special(life.c, READ_RECORDS);
    for (let i = 0; i < count; i++) {
      const target = strength === 0 ? targets[0]! : `ledger/${life.c.name}/${this.#random.whole(0, 3 * strength)}`;
      out.push(life.misuse(this.#random.between(start, start + HOUR), READ_RECORDS, { target, network, restricted: true, bytes: Math.round(this.#random.logNormal(bytes, 0.6)) }));
    }
  }

  /** What was read goes out; the stronger, the more of it and by tools of others. */
  #sequence(start: Millis, life: Life, strength: number, out: NhiEvent[]): void {
    const own = life.c.purpose!.runs.flatMap(({ steps }) => steps.map(({ tool }) => tool));
    const reads = own.filter(({ writes }) => !writes);
    const { read, send, share, refund } = EXFILTRATE;
    const foreign = TOOLS.filter((tool) => tool.writes && !own.includes(tool));
    for (let n = 0; n <= strength; n++) {
      const first: Tool[] = strength === 0 ? [this.#random.pick(reads), read] : [this.#random.pick(reads), read, read, this.#random.pick(reads), read];
      const then = strength === 0 ? [send] : strength === 1 ? [send, share] : [send, send, share, this.#random.pick([refund, ...foreign])];
      this.#run(this.#random.between(start, start + HOUR - 120_000), life, [...first, ...then], out);
    }
  }

  #run(from: Millis, life: Life, tools: readonly Tool[], out: NhiEvent[]): void {
    const run = Array.from({ length: 4 }, () => Math.floor(this.#random.next() * 2 ** 32).toString(16).padStart(8, '0')).join('');
    let at = from;
    for (const tool of tools) {
      const duration = Math.round(this.#random.between(200, 4000));
      const target = tool.writes ? `${tool.server}/outside/${this.attack.index}` : `${tool.server}/${life.c.name}/${this.#random.whole(0, 9)}`;
      out.push(life.misuse(at, callOf(tool), { tool, run, duration, network: life.c.networks[0]!, target, restricted: !tool.writes && this.#random.chance(0.5) }));
      at += duration + this.#random.between(100, 3000);
    }
  }

  /** New secrets at a time for which no rotation is agreed, of others, or by one who never makes any. */
  #secrets(start: Millis, life: Life, strength: number, out: NhiEvent[]): void {
    const { c } = life;
    const names = strength === 0 ? c.rotation!.names.slice(0, 1) : Array.from({ length: 1 + 2 * strength }, (_, i) => `shared/unknown-${this.#random.whole(0, 999)}-${i}`);
    const network = strength === 2 ? this.#elsewhere : c.networks[0]!;
    for (const secret of names) {
      out.push(life.misuse(this.#random.between(start, start + HOUR), ROTATE, { target: `secret/${strength === 0 ? c.name : 'shared'}/0`, secret, network }));
    }
    if (strength === 2) out.push(life.misuse(this.#random.between(start, start + HOUR), GRANT, { target: 'policy/administrator', network }));
  }

  /** A multiple of the most that ever left in an hour, in more and larger pieces. */
  #export(start: Millis, life: Life, factor: number, out: NhiEvent[]): void {
    const habit = movingHabit(life.c);
    const count = Math.max(2, Math.round(Math.max(life.usual, 2) * Math.sqrt(factor)));
    const bytes = Math.max(life.most, habit.bytes * 4) * factor / count;
    for (let i = 0; i < count; i++) {
      out.push(life.misuse(this.#random.between(start, start + HOUR), habit.action, {
        target: this.#random.pick(habit.targets), network: life.c.networks[0]!, bytes: Math.round(bytes * this.#random.between(0.8, 1.2)),
      }));
    }
  }

  /** Works on after its end, or again after a pause; the strongest from elsewhere and on other things. */
  #afterlife(start: Millis, local: LocalHour, life: Life, strength: number, out: NhiEvent[]): void {
    const { c } = life;
    const { label } = this.attack;
    const mean = c.rate[local.ofWeek]! * c.active[local.ofWeek]!;
    let count = this.#random.negativeBinomial(mean, c.dispersion);
    // The last hour of all has to hold something, so that there is misuse at all.
    if (count === 0 && this.last === -Infinity && start >= label.end - HOUR) count = 1;
    const foreign = strength === 2 && c.sort !== 'agent' ? [...ACTIONS[c.sort].slice(-2), READ_RECORDS] : [];
    for (let i = 0; i < Math.min(count, 200); i++) {
      const time = this.#random.between(start, start + HOUR);
      if (c.purpose) {
        this.#calls(time, life, out);
        continue;
      }
      const { action, targets, bytes } = c.habits[this.#random.zipf(c.habits.length)]!;
      const used = foreign.length > 0 && this.#random.chance(0.4) ? this.#random.pick(foreign) : action;
      out.push(life.misuse(time, used, {
        target: used === action ? this.#random.pick(targets) : `${used.on}/other/${this.#random.whole(0, 5)}`,
        network: strength === 2 ? this.#elsewhere : c.networks[0]!, bytes: Math.round(used === action ? this.#random.logNormal(bytes + 1, 0.6) : used.bytes),
        restricted: used === READ_RECORDS,
      }));
    }
  }

  #calls(from: Millis, life: Life, out: NhiEvent[]): void {
    const { steps } = this.#random.pick(life.c.purpose!.runs);
    this.#run(from, life, steps.map(({ tool }) => tool), out);
  }
}

function movingHabit(c: Character): Habit {
  if (c.exports) return special(c, EXPORT);
  return c.habits.reduce((most, habit) => (habit.bytes > most.bytes ? habit : most));
}
