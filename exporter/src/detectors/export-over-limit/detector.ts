import type { Category, ChainMember, ChainStep, Detector, NhiEvent, Signal, VolumeLimit } from '@remit/contract';
import { attack, bounded, DAY, day, moment, nist, outcome, owasp, span } from '../phrases.ts';
import { hash48, mergeNumbers, mergeTexts } from './sets.ts';

/** Each period is cut into this many slots; within a slot events are only summed. */
const SLOTS = 128;
/** Most different objects that are told apart in one slot. */
const MOST_OBJECTS = 16_384;
const MOST_ACTIONS = 8;
/** More than any real slot holds; keeps the sums of all slots exact whatever a record says. */
const MOST_OF_SLOT = 2 ** 43;
/** Categories whose targets count as objects moved out. */
const OBJECTS: ReadonlySet<Category> = new Set(['read', 'export', 'share', 'execute_tool']);

/**
 * More data moved out than `max_volume` allows in any period of its length, in event time. Bytes and rows count wherever a record
 * states them; distinct targets of reads, exports and shares count as objects. Summed over all credentials of the identity. One
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
  ],
  needs: ['principal', 'action', 'resource', 'volume'],
  summary: '{identity} moved more data out than the maximum that {owner} declared',
  firstAction: 'Revoke the grant or the credential now, then list what was read and where it went',
  benign: [
    'A first synchronisation or a full backup', 'A migration that was announced without an exception', 'Growth of the data that the limit did not follow',
  ],
  quietFor: DAY,
  keeps: 62 * DAY,
  cap: 6 * SLOTS,
  of(event, view, role) {
    const limits = view.remit?.limits;
    if (role !== 'actor' || limits === undefined || limits.length === 0) return [];
    return membersOf(event, limits);
  },
  merge(into: Amount, from: Amount): Amount {
    into.bytes = Math.min(into.bytes + from.bytes, MOST_OF_SLOT);
    into.rows = Math.min(into.rows + from.rows, MOST_OF_SLOT);
    into.most = Math.max(into.most, from.most);
    into.objects = mergeNumbers(into.objects, from.objects, into.most);
    into.actions = mergeTexts(into.actions, from.actions, MOST_ACTIONS + 1);
    return into;
  },
  inspect(chain, view) {
    const signals: Signal[] = [];
    for (const limit of view.remit?.limits ?? []) {
      if (chain.key !== keyOf(limit)) continue;
      if (limit.bytes !== null) signals.push(...exceeded(chain.steps, limit, 'bytes', limit.bytes, sumOf('bytes')));
      if (limit.rows !== null) signals.push(...exceeded(chain.steps, limit, 'rows', limit.rows, sumOf('rows')));
      if (limit.objects !== null) signals.push(...exceeded(chain.steps, limit, 'objects', limit.objects, distinct()));
    }
    return signals;
  },
};

/** What moved out during one slot. `objects` are hashes in order, `most` how many of them are kept. */
interface Amount { bytes: number; rows: number; objects: number[]; most: number; actions: string[] }
type Unit = 'bytes' | 'rows' | 'objects';
type Step = ChainStep<Amount>;
/** A sum over a window of steps. */
interface Sum { add(fact: Amount): void; remove(fact: Amount): void; value(): number }

function keyOf({ per }: VolumeLimit): string { return `per ${per}`; }

function membersOf(event: NhiEvent, limits: readonly VolumeLimit[]): ChainMember<Amount>[] {
  if (event.outcome.denied) return [];
  const bytes = whole(event.volume?.bytes_out);
  const rows = whole(event.volume?.rows);
  const object = objectOf(event);
  if (bytes === 0 && rows === 0 && object === null) return [];
  const members: ChainMember<Amount>[] = [];
  for (const limit of limits) {
    const key = keyOf(limit);
    const most = limit.objects === null ? 0 : Math.min(limit.objects + 1, MOST_OBJECTS);
    const same = members.find((member) => member.key === key);
    if (same) {
      if (same.fact.most < most) Object.assign(same.fact, { most, objects: object === null ? [] : [object] });
      continue;
    }
    const fact = { bytes, rows, objects: object === null || most === 0 ? [] : [object], most, actions: event.privilege?.used?.slice(0, 1) ?? [] };
    const slot = Math.max(1, Math.floor(limit.per / SLOTS));
    members.push({ key, slot: event.time - (event.time % slot), id: 'slot', fact });
  }
  return members.filter(({ fact }) => bytes > 0 || rows > 0 || fact.objects.length > 0);
}

function objectOf(event: NhiEvent): number | null {
  const target = event.resources?.[0];
  const id = target?.uid ?? target?.name;
  return id === undefined || !OBJECTS.has(event.action.category) || outcome(event) !== 'success' ? null : hash48(id);
}

/** An amount that adds up exactly: a whole number, 0 when nothing sensible is stated. */
function whole(amount: number | null | undefined): number {
  return typeof amount === 'number' && amount > 0 ? Math.min(Math.floor(amount), MOST_OF_SLOT) : 0;
}

/** One excess: from where the trailing sum first rises above the limit to where it falls back. */
interface Excess { from: number; peak: number; peakFrom: number; peakTo: number; to: number }

function exceeded(steps: readonly Step[], limit: VolumeLimit, unit: Unit, most: number, sum: Sum): Signal[] {
  const byDay = new Map<string, Excess>();
  let present: Excess | null = null;
  let from = 0;
  steps.forEach((step, to) => {
    sum.add(step.fact);
    while (step.last - steps[from]!.first >= limit.per) sum.remove(steps[from++]!.fact);
    const value = sum.value();
    if (value <= most) {
      present = null;
      return;
    }
    if (present === null) {
      const bucket = day(step.slot);
      present = byDay.get(bucket) ?? { from, peak: 0, peakFrom: from, peakTo: to, to };
      byDay.set(bucket, present);
    }
    present.to = to;
    if (value > present.peak) Object.assign(present, { peak: value, peakFrom: from, peakTo: to });
  });
  return [...byDay].map(([bucket, excess]) => signalOf(bucket, excess, steps, limit, unit));
}

function signalOf(bucket: string, excess: Excess, steps: readonly Step[], limit: VolumeLimit, unit: Unit): Signal {
  const own = steps.slice(excess.from, excess.to + 1);
  const first = steps[excess.peakFrom]!;
  const last = steps[excess.peakTo]!;
  const count = own.reduce((sum, step) => sum + step.count, 0);
  const actions = own.reduce<string[]>((all, { fact }) => mergeTexts(all, fact.actions, MOST_ACTIONS + 1), []);
  const weight = ({ fact }: Step): number => (unit === 'objects' ? fact.objects.length : fact[unit]);
  const telling = new Set([first, last, ...own.toSorted((a, b) => weight(b) - weight(a) || a.slot - b.slot).slice(0, 6)]);
  return {
    subject: `${unit} in ${span(limit.per)}`, bucket,
    reason: {
      expected: `at most ${bounded(limit.text, 120)}`,
      observed: `${amountText(excess.peak, unit)} from ${moment(first.first)} to ${moment(last.last)} (${count} ${count === 1 ? 'event' : 'events'})`,
    },
    evidence: [...telling].map(({ ref }) => ref).sort((a, b) => a.time - b.time), at: own.at(-1)!.last, first: own[0]!.first, count,
    ...(actions.length === 0 || actions.length > MOST_ACTIONS ? {} : { scope: { actions } }),
  };
}

function amountText(amount: number, unit: Unit): string {
  if (unit !== 'bytes') return `${amount >= MOST_OBJECTS && unit === 'objects' ? 'at least ' : ''}${amount} ${unit}`;
  const [size, name] = amount >= 1e12 ? [1e12, 'TB'] : amount >= 1e9 ? [1e9, 'GB'] : amount >= 1e6 ? [1e6, 'MB'] : amount >= 1e3 ? [1e3, 'kB'] : [1, 'bytes'];
  return `${Math.floor((amount / size) * 10) / 10} ${name}`;
}

function sumOf(unit: 'bytes' | 'rows'): Sum {
  let sum = 0;
  return { add: (fact) => { sum += fact[unit]; }, remove: (fact) => { sum -= fact[unit]; }, value: () => sum };
}

function distinct(): Sum {
  const seen = new Map<number, number>();
  return {
    add: ({ objects }) => { for (const object of objects) seen.set(object, (seen.get(object) ?? 0) + 1); },
    remove: ({ objects }) => {
      for (const object of objects) {
        const left = seen.get(object)! - 1;
        if (left === 0) seen.delete(object);
        else seen.set(object, left);
      }
    },
    value: () => seen.size,
  };
}
