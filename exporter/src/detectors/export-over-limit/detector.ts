import type { Category, Chain, ChainMember, ChainStep, Detector, Millis, NhiEvent, Remit, Signal, VolumeLimit } from '@remit/contract';
import { attack, bounded, DAY, day, moment, nist, outcome, owasp, span, tenet } from '../phrases.ts';
import { addCells, MOST_OF_CELL } from './cells.ts';
import { countOf, hash48, mergeSightings, mergeTexts } from './sets.ts';
import { trail } from './trail.ts';
import type { Amount, Place, Unit } from './trail.ts';

/** Each period is cut into this many slots, to bound what is kept. */
const SLOTS = 128;
/** Most different objects that are told apart in one slot. */
const MOST_OBJECTS = 16_384;
const MOST_ACTIONS = 8;
const KEY = 'per ';
/** Categories whose targets count as objects moved out. */
const OBJECTS: ReadonlySet<Category> = new Set(['read', 'export', 'share', 'execute_tool']);
/** Calls by which the provider itself copies an object from one place into another: what is read is named after the target. */
const COPIES: ReadonlySet<string> = new Set(['copyobject', 'uploadpartcopy']);

/**
 * More data moved out than `max_volume` allows in any period of its length, in event time. Bytes and rows count wherever a record
 * states them; distinct targets of reads, exports and shares count as objects, and so do those that the provider copies into another bucket
 * which `resources` does not approve. Summed over all credentials of the identity. One
 * finding for each unit, limit and UTC day on which the sum rises above the limit.
 */
export const detector: Detector = {
  id: 'export-over-limit',
  title: 'Machine identity moved more data out than it may',
  class: 'remit',
  severity: 'critical',
  certain: true,
  on: 'chain',
  frameworks: [
    attack('T1530', 'Data from Cloud Storage'),
    attack('T1567', 'Exfiltration Over Web Service'),
    owasp('NHI3:2025', 'Vulnerable Third-Party NHI'),
    nist('DE.CM-06', 'External service provider activities and services are monitored'),
    nist('DE.CM-09', 'Computing hardware and software, runtime environments, and their data are monitored'),
    tenet(4),
  ],
  needs: ['principal', 'action', 'resource', 'volume'],
  judges: ['max_volume'],
  summary: '{identity} moved more data out than the maximum that {owner} declared',
  firstAction: 'Revoke the grant or the credential now, then list what was read and where it went',
  benign: [
    'A first synchronisation or a full backup', 'A migration that was announced without an exception', 'Growth of the data that the limit did not follow',
  ],
  quietFor: DAY,
  keeps: 62 * DAY,
  spans: (key) => Math.max(2 * Number(key.slice(KEY.length)), 2 * DAY),
  cap: 6 * SLOTS,
  of(event, view, role) {
    const limits = view.remit?.limits;
    if (role !== 'actor' || limits === undefined || limits.length === 0) return [];
    return membersOf(event, view.remit!);
  },
  merge(into: Amount, from: Amount): Amount {
    into.cells = addCells(into.cells, from.cells);
    into.most = Math.max(into.most, from.most);
    into.objects = mergeSightings(into.objects, from.objects, into.most);
    into.actions = mergeTexts(into.actions, from.actions, MOST_ACTIONS + 1);
    return into;
  },
  inspect(chain, view) {
    const signals: Signal[] = [];
    for (const limit of view.remit?.limits ?? []) {
      if (chain.key !== keyOf(limit)) continue;
      for (const unit of ['bytes', 'rows', 'objects'] as const) {
        const most = limit[unit];
        if (most !== null && reachable(chain.steps, limit.per, unit, most)) signals.push(...exceeded(chain, limit, unit, most));
      }
    }
    return signals;
  },
};

type Step = ChainStep<Amount>;

function keyOf({ per }: VolumeLimit): string { return `${KEY}${per}`; }

function slotOf(per: Millis): Millis { return Math.max(1, Math.floor(per / SLOTS)); }

function membersOf(event: NhiEvent, { limits, resource }: Remit): ChainMember<Amount>[] {
  if (event.outcome.denied) return [];
  const { time } = event;
  const bytes = whole(event.volume?.bytes_out);
  const rows = whole(event.volume?.rows);
  const object = objectOf(event, resource);
  if (bytes === 0 && rows === 0 && object === null) return [];
  const members: ChainMember<Amount>[] = [];
  for (const limit of limits) {
    const key = keyOf(limit);
    const most = limit.objects === null ? 0 : Math.min(limit.objects + 1, MOST_OBJECTS);
    const objects = object === null || most === 0 ? [] : [object, time, time];
    const same = members.find((member) => member.key === key);
    if (same) {
      if (same.fact.most < most) Object.assign(same.fact, { most, objects });
      continue;
    }
    const list: Amount['cells']['list'] = bytes === 0 && rows === 0 ? [] : [[time, time, bytes, rows]];
    const fact = { cells: { level: 0, list }, objects, most, actions: event.privilege?.used?.slice(0, 1) ?? [] };
    const slot = slotOf(limit.per);
    members.push({ key, slot: time - (time % slot), id: 'slot', fact });
  }
  return members.filter(({ fact }) => fact.cells.list.length > 0 || fact.objects.length > 0);
}

function objectOf(event: NhiEvent, resource: Remit['resource']): number | null {
  if (outcome(event) !== 'success') return null;
  const target = event.resources?.[0];
  const id = OBJECTS.has(event.action.category) ? target?.uid ?? target?.name : copiedOut(event, resource);
  return id === undefined ? null : hash48(id);
}

/** The object that a copy is made of, unless it stays in its bucket or goes where the record allows. */
function copiedOut({ api, resources }: NhiEvent, resource: Remit['resource']): string | undefined {
  if (!COPIES.has(api.operation.toLowerCase())) return undefined;
  const [target, ...others] = resources ?? [];
  const from = others.findLast(({ uid }) => uid?.includes('/') === true)?.uid;
  if (target?.uid === undefined || from === undefined || bucketOf(from) === bucketOf(target.uid)) return undefined;
  return resource(target.uid) === 'allowed' ? undefined : from;
}

function bucketOf(uid: string): string { return uid.slice(0, uid.indexOf('/')); }

/** An amount that adds up exactly: a whole number, 0 when nothing sensible is stated. */
function whole(amount: number | null | undefined): number {
  return typeof amount === 'number' && amount > 0 ? Math.min(Math.floor(amount), MOST_OF_CELL) : 0;
}

/** Whether the slots that any one period touches hold more than allowed: most of the time they do not, and no period has to be added up. */
function reachable(steps: readonly Step[], per: Millis, unit: Unit, most: number): boolean {
  const slot = slotOf(per);
  let sum = 0;
  let from = 0;
  for (const step of steps) {
    sum += weight(step, unit);
    while (steps[from]!.slot + slot + per <= step.slot) sum -= weight(steps[from++]!, unit);
    if (sum > most) return true;
  }
  return false;
}

/** One excess: from the beginning of the period in which the sum first rises above the limit to where it is last above it. */
interface Excess { from: Place; to: Place; peak: number; peakFrom: Millis; peakTo: Millis }

function exceeded({ steps, lostUntil = 0 }: Chain<Amount>, limit: VolumeLimit, unit: Unit, most: number): Signal[] {
  const byDay = new Map<string, Excess>();
  let present: Excess | null = null;
  // Whether it may have been above the limit before the first step that is still there.
  let begun: boolean | null = null;
  trail(steps.map(({ fact }) => fact), limit.per, unit, (value, from, to) => {
    const whole = to.time - limit.per >= lostUntil;
    begun ??= !whole;
    if (value <= most) {
      if (whole) begun = false;
      present = null;
      return;
    }
    if (present === null) {
      const bucket = day(to.time);
      present = (begun ? undefined : byDay.get(bucket)) ?? { from, to, peak: 0, peakFrom: from.time, peakTo: to.time };
      if (!begun) byDay.set(bucket, present);
    }
    present.to = to;
    if (value > present.peak) Object.assign(present, { peak: value, peakFrom: from.time, peakTo: to.time });
  });
  const signals = [...byDay].map(([bucket, excess]) => signalOf(bucket, excess, steps, limit, unit));
  const ongoing = present as Excess | null;
  if (begun !== true || ongoing === null) return signals;
  // What is over was said while its steps were there. What goes on is said anew, as of the day on which it is seen first.
  return [{ ...signalOf(day(ongoing.from.time), ongoing, steps, limit, unit), first: lostUntil }];
}

function signalOf(bucket: string, { from, to, peak, peakFrom, peakTo }: Excess, steps: readonly Step[], limit: VolumeLimit, unit: Unit): Signal {
  const own = steps.slice(from.step, to.step + 1);
  const count = own.reduce((sum, step) => sum + step.count, 0);
  const actions = own.reduce<string[]>((all, { fact }) => mergeTexts(all, fact.actions, MOST_ACTIONS + 1), []);
  const telling = new Set([own[0]!, own.at(-1)!, ...own.toSorted((a, b) => weight(b, unit) - weight(a, unit) || a.slot - b.slot).slice(0, 6)]);
  return {
    subject: `${unit} in ${span(limit.per)}`, bucket,
    reason: {
      expected: `at most ${bounded(limit.text, 120)}`,
      observed: `${amountText(peak, unit)} from ${moment(peakFrom)} to ${moment(peakTo)} (${count} ${count === 1 ? 'event' : 'events'})`,
    },
    evidence: [...telling].map(({ ref }) => ref).sort((a, b) => a.time - b.time), at: to.time, first: from.time, count,
    ...(actions.length === 0 || actions.length > MOST_ACTIONS ? {} : { scope: { actions } }),
  };
}

function weight({ fact }: Step, unit: Unit): number {
  if (unit === 'objects') return countOf(fact.objects);
  let sum = 0;
  for (const cell of fact.cells.list) sum += cell[unit === 'bytes' ? 2 : 3];
  return sum;
}

function amountText(amount: number, unit: Unit): string {
  if (unit !== 'bytes') return `${amount >= MOST_OBJECTS && unit === 'objects' ? 'at least ' : ''}${amount} ${unit}`;
  const [size, name] = amount >= 1e12 ? [1e12, 'TB'] : amount >= 1e9 ? [1e9, 'GB'] : amount >= 1e6 ? [1e6, 'MB'] : amount >= 1e3 ? [1e3, 'kB'] : [1, 'bytes'];
  return `${Math.floor((amount / size) * 10) / 10} ${name}`;
}
