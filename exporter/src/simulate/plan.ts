import type { Millis } from '@remit/contract';
import type { Character } from './character.ts';
import { DAY, HOUR, WEEK, type Label, type Settings, type UseCase } from './options.ts';
import { Random } from './random.ts';

/** One injected misuse before it happens. `strength` counts from 0. */
export interface Attack { label: Label; index: number; strength: number; seed: number; endOfLife: Millis | null }

const PLAN = 3;
const LEVELS: { use_case: UseCase; levels: string[] }[] = [
  { use_case: 'off-hours', levels: ['low', 'medium', 'high'] }, { use_case: 'sequence', levels: ['low', 'medium', 'high'] },
  { use_case: 'secrets', levels: ['low', 'medium', 'high'] }, { use_case: 'export', levels: ['2x', '3x', '10x'] },
  { use_case: 'decommissioned', levels: ['keeps on', 'comes back', 'comes back elsewhere'] }, { use_case: 'export-drip', levels: ['1.6x'] },
];
/** Share of the fleet that grows by 2 % a day. */
const DRIFTING = 0.04;
/** Before its first misuse an identity has lived this long. */
const KNOWN: Millis = 3 * WEEK;
/** How long it goes on, or comes back for. */
const AFTERLIVES: Millis[] = [3 * DAY, 2 * DAY, DAY];
const APART: Millis = 12 * DAY;
const TRIES = 200;

/**
 * Who is misused when and how: use cases and strengths in turn, spread over the weeks after the quiet ones. An identity that is
 * decommissioned has nothing after it. What finds no identity that fits is left out.
 */
export function plan(fleet: readonly Character[], settings: Settings): Attack[] {
  const random = new Random(settings.seed, PLAN);
  const { start: begin, quiet, weeks } = settings;
  const attacks: Attack[] = [];
  const taken = new Map<number, { from: Millis; to: Millis }[]>();
  if (settings.drift) {
    const staying = fleet.filter((c) => c.from <= begin && c.to >= begin + weeks * WEEK);
    for (const c of random.sample(staying, Math.ceil(fleet.length * DRIFTING))) attacks.push(drift(c, settings));
  }
  const grows = new Set(attacks.map(({ index }) => index));
  const kinds = LEVELS.flatMap(({ use_case, levels }) => levels.map((level, strength) => ({ use_case, level, strength })));
  const total = Math.round(settings.attacks * (settings.identities / 1000) * (weeks - quiet));
  let turn: typeof kinds = [];
  for (let n = 0; n < total; n++) {
    if (turn.length === 0) turn = random.sample(kinds, kinds.length);
    const { use_case, level, strength } = turn.pop()!;
    for (let tries = 0; tries < TRIES; tries++) {
      const c = fleet[random.whole(0, fleet.length - 1)]!;
      const from = begin + quiet * WEEK + random.whole(0, (weeks - quiet) * 168 - 1) * HOUR;
      const to = endOf(use_case, strength, from, random);
      if (grows.has(c.index) || !fits(c, use_case, strength, from) || from < c.from + KNOWN || to > Math.min(c.to, begin + weeks * WEEK)) continue;
      if (c.pause && from < c.pause.to && to > c.pause.from) continue;
      if (!free(taken.get(c.index) ?? [], use_case, from, to)) continue;
      taken.set(c.index, [...taken.get(c.index) ?? [], { from, to: use_case === 'decommissioned' ? Infinity : to }]);
      const endOfLife = use_case === 'decommissioned' ? from : null;
      const start = endOfLife === null ? from : to - AFTERLIVES[strength]!;
      attacks.push({ label: { use_case, level, identity: c.urn, start, end: to }, index: c.index, strength, seed: random.whole(0, 2 ** 31), endOfLife });
      break;
    }
  }
  for (const { index, endOfLife } of attacks) if (endOfLife !== null) fleet[index]!.to = endOfLife;
  return attacks.sort((a, b) => a.label.start - b.label.start || a.index - b.index);
}

function drift(c: Character, { start, quiet, weeks }: Settings): Attack {
  return { label: { use_case: 'drift', level: '2% a day', identity: c.urn, start: start + quiet * WEEK, end: start + weeks * WEEK }, index: c.index, strength: 0, seed: 0, endOfLife: null };
}

/** Decommissioned: `from` is the end of life, after which it goes on at once, or begins again a week or more later. */
function endOf(useCase: UseCase, strength: number, from: Millis, random: Random): Millis {
  switch (useCase) {
    case 'export-drip': return from + 5 * DAY;
    case 'off-hours': return from + (1 + strength) * HOUR;
    case 'decommissioned': return from + (strength === 0 ? 3 : random.whole(8, 16)) * DAY;
    default: return from + HOUR;
  }
}

function fits(c: Character, useCase: UseCase, strength: number, from: Millis): boolean {
  const moves = c.exports !== null || c.habits.some(({ bytes }) => bytes > 0);
  switch (useCase) {
    case 'off-hours': return c.windows !== null && c.sensitive > 0 && c.sort !== 'agent' && idle(c, from, strength);
    case 'sequence': return c.purpose !== null && busy(c, from);
    case 'secrets': return c.sort !== 'agent' && (strength === 2 ? c.rotation === null : c.rotation !== null && !near(c, from));
    case 'export': return moves && c.sort !== 'ci' && busy(c, from);
    case 'export-drip': return moves && c.sort !== 'ci' && c.sort !== 'human-like';
    default: return true;
  }
}

/** Far from any hour in which it works, by the clocks of either side of a change. */
function idle(c: Character, from: Millis, strength: number): boolean {
  for (let h = -2; h <= strength + 2; h++) if (c.rate[slot(c, from + h * HOUR)]! > 0) return false;
  return true;
}

function busy(c: Character, from: Millis): boolean {
  const at = slot(c, from);
  return c.rate[at]! > 0 && c.active[at]! > 0.2;
}

function near(c: Character, from: Millis): boolean {
  const at = slot(c, from);
  return Math.abs(at - c.rotation!.weekday * 24 - c.rotation!.hour) < 6;
}

/** Hour of the week, roughly: zones as they are in summer. */
function slot({ zone }: Character, at: Millis): number {
  return ((Math.floor(at / HOUR) + 72 + [2, 0, -4][zone]!) % 168 + 168) % 168;
}

function free(taken: readonly { from: Millis; to: Millis }[], useCase: UseCase, from: Millis, to: Millis): boolean {
  return taken.every((one) => (useCase !== 'decommissioned' && to + APART < one.from) || one.to + APART < from);
}
