import type { Millis, NhiEvent } from '@remit/contract';
import { characters } from './character.ts';
import { inventoryOf } from './inventory.ts';
import { Life } from './life.ts';
import { Misuse } from './misuse.ts';
import { HOUR, settle, type Batch, type Label, type SimulateOptions, type Simulated } from './options.ts';
import { plan, type Attack } from './plan.ts';
import { ZONES } from './world.ts';
import { ZoneHours, type LocalHour } from './zone-hours.ts';

/** A simulated fleet: what it does, what was injected, and its inventory. */
export interface Simulation {
  start: Millis;
  /** After the last hour. */
  end: Millis;
  identities: readonly Simulated[];
  /** What was injected, in order of its start. */
  labels: readonly Label[];
  /** Inventory files in their real form, by name. */
  inventory: Record<string, string>;
  /** The same identities and owners with nothing declared. */
  bareInventory: Record<string, string>;
  /** Every hour, also those without events, in order. Each call tells the same story from its beginning. */
  hours(): Generator<Batch, void, void>;
}

/**
 * A fleet of six sorts of identities over some weeks: seasons, bursts, retries, errors, outages, releases, drift, clock changes, monthly
 * jobs, runs by hand, pauses, who comes and who goes, and misuse of each use case in three strengths. Throws a RangeError for
 * options that make no fleet.
 */
export function simulate(options: SimulateOptions): Simulation {
  const settings = settle(options);
  const fleet = () => {
    const members = characters(settings);
    return { members, attacks: plan(members, settings) };
  };
  const { members, attacks } = fleet();
  const end = settings.start + settings.weeks * 168 * HOUR;
  return {
    start: settings.start, end, labels: attacks.map(({ label }) => ({ ...label })),
    identities: members.map(({ urn, key, sort, owner, environment, declared, stale, from, to }) => ({ urn, key, sort, owner, environment, declared, stale, from, to })),
    inventory: inventoryOf(members, attacks, settings, false), bareInventory: inventoryOf(members, attacks, settings, true),
    // Releases and moves change the members as they live: each telling has its own.
    *hours() {
      const told = fleet();
      yield* tell(told.members.map((member) => new Life(member, settings.seed)), told.attacks, settings.start, end);
    },
  };
}

function* tell(lives: readonly Life[], attacks: readonly Attack[], start: Millis, end: Millis): Generator<Batch, void, void> {
  const zones = ZONES.map((name) => new ZoneHours(name));
  const waiting = [...attacks].reverse();
  let active: Misuse[] = [];
  for (let hour = start; hour < end; hour += HOUR) {
    const local: LocalHour[] = zones.map((zone) => zone.at(hour));
    const events: NhiEvent[] = [];
    while (waiting.length > 0 && waiting.at(-1)!.label.start <= hour) {
      const attack = waiting.pop()!;
      begin(attack, lives[attack.index]!);
      active.push(new Misuse(attack));
    }
    for (const life of lives) life.hour(hour, local[life.c.zone]!, events);
    for (const misuse of active) {
      const life = lives[misuse.attack.index]!;
      misuse.hour(hour, local[life.c.zone]!, life, events);
    }
    active = active.filter(({ attack }) => {
      const over = attack.label.end <= hour + HOUR;
      if (over && attack.label.use_case === 'export-drip') lives[attack.index]!.drain = 1;
      return !over;
    });
    events.sort((a, b) => a.time - b.time || (a.metadata.original_event_uid < b.metadata.original_event_uid ? -1 : 1));
    yield { hour, events };
  }
}

/** What changes the conforming life itself. */
function begin({ label }: Attack, life: Life): void {
  if (label.use_case === 'export-drip') life.drain = 1.6;
  if (label.use_case === 'drift') life.grow(0.02);
}
