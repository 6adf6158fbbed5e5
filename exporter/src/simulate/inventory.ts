import { stringify } from 'yaml';
import type { Character } from './character.ts';
import { callOf } from './facts.ts';
import { DAY, type Settings } from './options.ts';
import type { Attack } from './plan.ts';
import { Random } from './random.ts';
import { EXPORT, GRANT, READ_RECORDS, ROTATE, SHARES, TOOLS, USE_SECRET, ZONES, type Tool } from './world.ts';

const INVENTORY = 4;
const PER_FILE = 250;
const OVERLAP = '1d';

/**
 * The inventory of a fleet in its real form, by file name. Every identity has a reviewed record with an owner; those that declare say
 * what it may do as well, and some of these are out of date. `bare`: nobody declares anything, so that behaviour alone can tell.
 */
export function inventoryOf(fleet: readonly Character[], attacks: readonly Attack[], settings: Settings, bare: boolean): Record<string, string> {
  const ends = new Map(attacks.map(({ index, endOfLife }) => [index, endOfLife ?? undefined]));
  const teams = [...new Set(fleet.map(({ owner }) => owner))].sort();
  const files: Record<string, string> = {
    'owners.yml': write({ owners: teams.map((team) => ({ team, contact: `mailto:${team}@example.com` })) }),
    'tools.yml': write({ tool_catalogue: TOOLS.map(({ name, server, category, writes }) => ({ name, server, category, writes })) }),
  };
  for (let from = 0; from < fleet.length; from += PER_FILE) {
    const identities = fleet.slice(from, from + PER_FILE).map((c) => record(c, ends.get(c.index), settings, bare));
    files[`fleet-${String(from / PER_FILE).padStart(3, '0')}.yml`] = write({ identities });
  }
  return files;
}

function record(c: Character, end: number | undefined, settings: Settings, bare: boolean): object {
  const base = {
    urn: c.urn, kind: SHARES[c.sort].kind, environment: c.environment, owner: c.owner, purpose: c.purpose?.name ?? c.sort,
    last_reviewed: new Date(settings.start - 30 * DAY).toISOString(), approved_by: c.owner,
  };
  if (bare || !c.declared) return base;
  const random = new Random(settings.seed, INVENTORY, c.index);
  return {
    ...base, ...schedule(c, random), ...c.purpose ? agent(c) : actions(c, random), ...limits(c, random), ...rotation(c, random),
    ...end === undefined || (c.stale && random.chance(0.5)) ? {} : { status: 'decommissioned', decommissioned_at: new Date(end).toISOString() },
  };
}

/** Out of date: the hours have moved since. */
function schedule(c: Character, random: Random): object {
  if (c.windows === null) return { schedule: { always_on: true } };
  const moved = c.stale && random.chance(0.5) ? random.pick([-2, -1, 1, 2]) : 0;
  const windows = c.windows.map(({ cron, duration }) => {
    const [minute, hour, ...rest] = cron.split(' ');
    return { cron: [minute, (Number(hour) + moved + 24) % 24, ...rest].join(' '), duration, timezone: ZONES[c.zone]!, grace_before: '5m', grace_after: '15m' };
  });
  return { schedule: { windows } };
}

/** Out of date: a release brought what nobody has added. */
function actions(c: Character, random: Random): object {
  const coming = c.stale ? [] : c.later.filter(() => random.chance(0.85));
  const habits = c.stale && c.habits.length > 2 && random.chance(0.3) ? c.habits.slice(0, -1) : c.habits;
  const own = [...habits, ...coming].map(({ action }) => action.permission);
  if (c.sensitive > 0) own.push(READ_RECORDS.permission);
  if (c.rotation) own.push(ROTATE.permission, USE_SECRET.permission);
  if (c.exports) own.push(EXPORT.permission);
  return { actions: own.filter((permission) => permission !== GRANT.permission), ...c.sensitive > 0 ? {} : { data_classes_allowed: ['public', 'internal', 'confidential'] } };
}

function agent(c: Character): object {
  const runs = c.purpose!.runs;
  const tools = new Set(runs.flatMap(({ steps }) => steps.map(({ tool }) => tool)));
  return {
    tools: [...tools].map(({ name, server }) => ({ name, server })),
    sequences: runs.map(({ name, steps }) => ({ name, steps: steps.map(({ tool, most }) => step(tool, most)), max_gap: '1h' })),
    forbidden_transitions: ['file_storage -> messaging', 'database -> messaging'],
    actions: [...tools].map((tool) => callOf(tool).permission),
  };
}

function step({ server, name }: Tool, most: number): string {
  return most === 1 ? `${server}/${name}` : `${server}/${name}{1,${most}}`;
}

/** About four times what leaves on a busy day. */
function limits(c: Character, random: Random): object {
  const weights = c.habits.map((_, i) => 1 / (i + 1));
  const sum = weights.reduce((all, one) => all + one, 0);
  const each = c.habits.reduce((all, { bytes }, i) => all + bytes * 1.2 * weights[i]! / sum, 0);
  let busiest = 0;
  for (let day = 0; day < 7; day++) {
    let count = 0;
    for (let h = 0; h < 24; h++) count += c.rate[day * 24 + h]! * c.active[day * 24 + h]!;
    busiest = Math.max(busiest, count);
  }
  const bytes = busiest * (each + c.sensitive * READ_RECORDS.bytes) + (c.exports ? (c.exports.mean + 1) * EXPORT.bytes * 1.2 : 0);
  if (bytes < 1000) return {};
  return { max_volume: [{ bytes: Math.round(bytes * random.between(3, 5) * (c.stale ? 0.5 : 1)), per: '24h' }] };
}

function rotation(c: Character, random: Random): object {
  if (!c.rotation) return {};
  const weekday = c.stale && random.chance(0.3) ? (c.rotation.weekday + 1) % 7 : c.rotation.weekday;
  const cron = `0 ${c.rotation.hour} * * ${(weekday + 1) % 7}`;
  return {
    rotation: { interval: '7d', grace: '14d', overlap: OVERLAP, method: 'pipeline', names: c.rotation.names, window: { cron, duration: '1h', timezone: ZONES[c.zone]!, grace_before: '5m', grace_after: '10m' } },
  };
}

function write(file: object): string {
  return stringify(file, { aliasDuplicateObjects: false, lineWidth: 0 });
}
