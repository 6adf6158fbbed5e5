import type { ChainStep, Detector, EventRef, Inventory, JudgedIdentity, NhiEvent, Remit, Signal, View } from '@remit/contract';

type ChainDetector = Extract<Detector, { on: 'chain' }>;
type Step = ChainStep & { gap: boolean };
interface Group { urn: string; key: string; steps: Step[]; dropped: number }

/** How a case is looked at: its inventory and the view of one identity at one event. */
export interface Looking {
  inventory: Inventory;
  view(urn: string, remit: Remit | null, event: NhiEvent): View;
  ref(event: NhiEvent): EventRef;
  /** The parent of this event's span never came. */
  orphan(event: NhiEvent): boolean;
}

/** A signal of a chain, with whose it is. */
export interface ChainSignal { urn: string; signal: Signal; remit: Remit | null }

/**
 * Groups the events of a case as the service does, by identity and key, in order of slot and id, and judges every group once, when it
 * is whole. Whoever a credential was issued to or taken from is asked as its subject.
 */
export function judgeChains(detector: ChainDetector, events: readonly NhiEvent[], looking: Looking): ChainSignal[] {
  const groups = new Map<string, Group>();
  const last = new Map<string, NhiEvent>();
  for (const event of events) {
    for (const { urn, remit, role } of partiesOf(event, looking.inventory)) {
      if (remit === null && detector.unrecorded !== true) continue;
      const known = last.get(urn);
      if (known === undefined || known.time < event.time) last.set(urn, event);
      const view = looking.view(urn, remit, event);
      for (const member of detector.of(event, view, role)) {
        const name = `${urn} ${member.key}`;
        const group = groups.get(name) ?? { urn, key: member.key, steps: [], dropped: 0 };
        groups.set(name, group);
        add(group, detector, { ...member, ref: looking.ref(event), gap: member.incomplete === true || looking.orphan(event) }, event, view);
      }
    }
  }
  const found: ChainSignal[] = [];
  for (const { urn, key, steps, dropped } of groups.values()) {
    const event = last.get(urn)!;
    const remit = looking.inventory.match([urn], steps.at(-1)!.last)?.remit ?? null;
    const chain = { key, steps, dropped, incomplete: steps.some(({ gap }) => gap) };
    if (detector.tells?.(steps) === false) continue;
    for (const signal of detector.inspect(chain, looking.view(urn, remit, event))) found.push({ urn, signal, remit });
  }
  return found;
}

interface Party { urn: string; remit: Remit | null; role: 'actor' | 'subject' }

/** Aliases of one record are one identity. */
function partiesOf(event: NhiEvent, inventory: Inventory): Party[] {
  const urn = event.actor.identity.urn ?? '';
  const remit = inventory.match([event.principal_key, urn], event.time)?.remit ?? null;
  const parties: Party[] = [{ urn: remit?.record.urn ?? urn, remit, role: 'actor' }];
  for (const of of [event.issued, event.retired]) {
    if (of === undefined) continue;
    const record = inventory.match([of.principal_key, of.name_key].filter((name) => name !== undefined), event.time)?.remit;
    if (record?.reviewed) parties.push({ urn: record.record.urn, remit: record, role: 'subject' });
  }
  return parties;
}

function add(group: Group, detector: ChainDetector, member: { slot: number; id: string; fact: unknown; ref: EventRef; gap: boolean }, event: NhiEvent, view: View): void {
  const { slot, id, ref, gap } = member;
  const at = event.time;
  const same = group.steps.find((step) => step.slot === slot && step.id === id);
  const made: unknown = detector.add ? detector.add(same?.fact ?? null, id, event, view) : member.fact;
  // What is stored is plain JSON, and so is what comes back after a restart.
  const fact: unknown = JSON.parse(JSON.stringify(made));
  if (same) {
    if (at < same.first || (at === same.first && ref.uid < same.ref.uid)) same.ref = ref;
    Object.assign(same, { count: same.count + 1, first: Math.min(same.first, at), last: Math.max(same.last, at), gap: same.gap || gap });
    if (detector.add) same.fact = fact;
    else if (detector.merge) same.fact = detector.merge(same.fact, fact);
    return;
  }
  group.steps.push({ slot, id, first: at, last: at, count: 1, ref, fact, gap });
  group.steps.sort((a, b) => a.slot - b.slot || (a.id < b.id ? -1 : 1));
  if (group.steps.length <= detector.cap) return;
  group.steps.shift();
  group.dropped++;
}

/** The identity of a case as views show it. */
export function judged(urn: string, times: readonly number[]): JudgedIdentity {
  return { urn, kind: 'unknown', class: 'unknown', first: Math.min(...times), last: Math.max(...times), principalKey: urn };
}
