import type { Millis } from '@remit/contract';
import { PROVIDER, REALM } from './facts.ts';
import { DAY, HOUR, WEEK, type Settings, type Simulated } from './options.ts';
import { Random } from './random.ts';
import { ACTIONS, PURPOSES, SHARES, SORTS, ZONES, type Action, type AgentPurpose, type Sort } from './world.ts';

/** What one identity is like: drawn once, before its first hour. */
export interface Character extends Simulated {
  index: number;
  name: string;
  zone: number;
  /** Mean events, and chance of any, by local hour of the week. */
  rate: Float64Array;
  active: Float64Array;
  /** Minute at which work of an hour begins at the earliest. */
  minute: number;
  dispersion: number;
  errors: number;
  /** Relative growth a day. */
  trend: number;
  habits: Habit[];
  /** What a deploy may bring. */
  later: Habit[];
  networks: string[];
  /** Share of its events that read restricted records. */
  sensitive: number;
  rotation: { weekday: number; hour: number; names: string[] } | null;
  /** Local hour of a daily export. */
  exports: { hour: number; mean: number } | null;
  monthly: { day: number; hour: number; mean: number } | null;
  /** Chance of a run by hand on a working day. */
  rerun: number;
  /** Chance of leaving the approved order in a run. */
  sloppy: number;
  purpose: AgentPurpose | null;
  /** Windows of its work, as an owner would write them; null when it works at any time. */
  windows: { cron: string; duration: string }[] | null;
  pause: { from: Millis; to: Millis } | null;
}
export interface Habit { action: Action; targets: string[]; bytes: number }

const HOURS = 168;
const CHARACTER = 1;

/** The fleet's members in order. Each follows from the seed and its place alone. */
export function characters(settings: Settings): Character[] {
  return Array.from({ length: settings.identities }, (_, index) => characterOf(settings, index));
}

function characterOf(settings: Settings, index: number): Character {
  const random = new Random(settings.seed, CHARACTER, index);
  const sort = sortOf(index, random);
  const { type, noun } = SHARES[sort];
  const environment = random.chance(0.8) ? 'production' : 'staging';
  const name = `${noun}-${String(index).padStart(4, '0')}`;
  const character: Character = {
    index, name, sort, urn: `urn:nhi:${PROVIDER}:${REALM}:${type}/${name}`, key: `${PROVIDER}:${REALM}:${type}/${name}`, environment, owner: `team-${String(random.whole(1, 12)).padStart(2, '0')}`,
    declared: random.chance(settings.declared), stale: random.chance(settings.stale), zone: random.chance(0.6) ? 0 : random.whole(1, ZONES.length - 1),
    rate: new Float64Array(HOURS), active: new Float64Array(HOURS).fill(1), minute: 0, dispersion: 0.3, errors: random.logNormal(0.006, 0.8),
    trend: random.between(-0.003, 0.004), habits: [], later: [], networks: networksOf(sort, random), sensitive: 0, rotation: null, exports: null, monthly: null,
    rerun: 0, sloppy: 0, purpose: null, windows: null, ...span(settings, random),
  };
  character.stale &&= character.declared;
  SHAPES[sort](character, random);
  if (sort !== 'agent') habits(character, random);
  return character;
}

/** Sorts come in a fixed proportion, so that small fleets have all of them. */
function sortOf(index: number, random: Random): Sort {
  let place = (index * 0.618_034 + random.between(0, 0.05)) % 1;
  for (const sort of SORTS) {
    place -= SHARES[sort].share;
    if (place < 0) return sort;
  }
  return 'service';
}

/** Most are there from before the first hour; some come or go in between, some pause. */
function span({ start, weeks }: Settings, random: Random): Pick<Character, 'from' | 'to' | 'pause'> {
  const end = start + weeks * WEEK;
  const hour = (low: Millis, high: Millis) => start + Math.floor(random.between(low - start, high - start) / HOUR) * HOUR;
  const from = random.chance(0.08) ? hour(start, end) : start;
  const to = random.chance(0.05) ? Math.max(from + DAY, hour(start, end)) : end;
  const pauses = random.chance(0.12);
  const pause = hour(start, end);
  return { from, to, pause: pauses ? { from: pause, to: pause + Math.round(random.between(2, 10)) * DAY } : null };
}

function networksOf(sort: Sort, random: Random): string[] {
  const own = sort === 'integration'
    ? `203.0.${random.whole(64, 127)}.` : `10.${random.whole(0, 60)}.${random.whole(0, 255)}.`;
  return Array.from({ length: sort === 'service' ? random.whole(3, 10) : random.whole(1, 4) }, () => own + String(random.whole(2, 250)));
}

const SHAPES: Record<Sort, (character: Character, random: Random) => void> = {
  batch(c, random) {
    c.dispersion = random.between(0.02, 0.25);
    c.minute = random.whole(0, 3) * 10;
    c.windows = [];
    for (let job = random.whole(1, 2); job > 0; job--) {
      const from = random.chance(0.7) ? random.whole(0, 6) : random.whole(7, 23);
      const hours = Math.min(random.whole(1, 2), 24 - from);
      const mean = random.logNormal(22, 0.6);
      const days = random.chance(0.6) ? [0, 1, 2, 3, 4, 5, 6] : random.chance(0.7) ? [0, 1, 2, 3, 4] : [random.whole(0, 6)];
      for (const day of days) for (let h = from; h < from + hours; h++) c.rate[day * 24 + h] = mean;
      const cron = `${c.minute} ${from} * * ${days.length === 7 ? '*' : days.map((day) => (day + 1) % 7).join(',')}`;
      c.windows.push({ cron, duration: `${hours * 60 - c.minute}m` });
    }
    c.active.fill(random.between(0.96, 1));
    c.rerun = 0.012;
    if (random.chance(0.3)) c.monthly = { day: random.whole(1, 3), hour: random.whole(1, 5), mean: random.logNormal(50, 0.4) };
    if (c.monthly) c.windows.push({ cron: `${c.minute} ${c.monthly.hour} ${c.monthly.day} * *`, duration: `${60 - c.minute}m` });
    if (random.chance(0.55)) c.sensitive = random.between(0.1, 0.5);
  },
  service(c, random) {
    c.dispersion = random.between(0.05, 0.4);
    daily(c, random.logNormal(2, 0.6), random.between(0.2, 0.8), random.between(0.5, 1), random.whole(12, 16));
    if (random.chance(0.25)) c.sensitive = random.between(0.01, 0.08);
    if (random.chance(0.1)) c.rotation = { weekday: random.whole(0, 6), hour: random.whole(0, 23), names: [`app/${c.name}/key`] };
  },
  ci(c, random) {
    c.dispersion = random.between(0.6, 1.4);
    working(c, random.logNormal(6, 0.5), random.between(0.6, 0.9), 7, 19);
    c.windows = [{ cron: '0 7 * * 1-5', duration: '13h' }];
    if (random.chance(0.5)) {
      const at = random.whole(1, 4);
      const mean = random.logNormal(12, 0.4);
      for (let day = 0; day < 7; day++) [c.rate[day * 24 + at], c.active[day * 24 + at]] = [mean, 0.98];
      c.windows.push({ cron: `0 ${at} * * *`, duration: '1h' });
    }
    c.rerun = 0.02;
    c.rotation = { weekday: random.whole(0, 4), hour: random.whole(8, 16), names: [`deploy/${c.name}/token`, `deploy/${c.name}/signing`] };
    if (random.chance(0.4)) c.sensitive = random.between(0.02, 0.1);
  },
  integration(c, random) {
    c.dispersion = random.between(0.02, 0.2);
    daily(c, random.logNormal(2.6, 0.5), random.between(0, 0.5), random.between(0.6, 1), 14);
    c.exports = { hour: random.whole(0, 23), mean: random.whole(3, 10) };
    if (random.chance(0.4)) c.sensitive = random.between(0.02, 0.15);
  },
  agent(c, random) {
    c.dispersion = random.between(0.3, 1);
    if (random.chance(0.7)) {
      working(c, random.logNormal(1, 0.5), random.between(0.5, 0.85), 7, 19);
      c.windows = [{ cron: '0 7 * * 1-5', duration: '13h' }];
    } else daily(c, random.logNormal(0.6, 0.4), random.between(0.2, 0.7), random.between(0.6, 1), 14);
    c.purpose = PURPOSES[random.whole(0, PURPOSES.length - 1)]!;
    c.sloppy = random.between(0, 0.015);
    if (random.chance(0.5)) c.sensitive = random.between(0.02, 0.1);
  },
  'human-like'(c, random) {
    c.dispersion = random.between(0.8, 1.6);
    working(c, random.logNormal(5, 0.5), random.between(0.25, 0.55), 8, 18);
    c.windows = [{ cron: '0 8 * * 1-5', duration: '11h' }];
    c.rerun = 0.03;
    c.sensitive = random.chance(0.7) ? random.between(0.03, 0.15) : 0;
  },
};

/** At all hours, more of it around `peak`, less at the weekend. */
function daily(c: Character, mean: number, swing: number, weekend: number, peak: number): void {
  for (let h = 0; h < HOURS; h++) {
    c.rate[h] = mean * (1 + swing * Math.cos((2 * Math.PI * ((h % 24) - peak)) / 24)) * (h >= 120 ? weekend : 1);
  }
}

/** Monday to Friday from hour to hour, with a dip at noon. */
function working(c: Character, mean: number, active: number, from: number, to: number): void {
  for (let day = 0; day < 5; day++) {
    for (let h = from; h <= to; h++) {
      const edge = h === from || h === to ? 0.35 : h === 12 ? 0.7 : 1;
      c.rate[day * 24 + h] = mean * (0.5 + 0.5 * edge);
      c.active[day * 24 + h] = active * edge;
    }
  }
}

/** What it does and to what: the first comes most often. */
function habits(c: Character, random: Random): void {
  const known = ACTIONS[c.sort as Exclude<Sort, 'agent'>];
  const some = c.sort === 'human-like' ? random.whole(6, 9) : random.whole(3, 6);
  const chosen = [known[0]!, ...random.sample(known.slice(1), some - 1)];
  const habit = (action: Action): Habit => ({
    action, bytes: action.bytes === 0 ? 0 : random.logNormal(action.bytes, 0.7),
    targets: Array.from({ length: random.whole(1, c.sort === 'human-like' ? 10 : 5) }, (_, i) => `${action.on}/${c.name}/${i}`),
  });
  c.habits = chosen.map(habit);
  c.later = known.filter((one) => !chosen.includes(one)).map(habit);
}

/** A habit apart from the ordinary ones, with its one target. */
export function special(c: Character, action: Action): Habit {
  return { action, bytes: action.bytes, targets: [`${action.on}/${c.name}/0`] };
}
