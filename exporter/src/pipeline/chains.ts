import type { Chain, ChainMember, FindingState, Inventory, Millis, NhiEvent, Remit, Steps, View } from '@remit/contract';
import { fingerprint } from '../lib/hash.ts';
import { withItem } from '../lib/lean-list.ts';
import type { Identity } from './identities.ts';
import type { Judge, Judged } from './judge.ts';
import { openFinding } from './opening.ts';
import { after, earliest, fold, keep, nameOf, type ChainDetector, type KeptChain, type SavedChain } from './kept-chain.ts';
import type { Processor } from './processor.ts';
import { Recency } from './recency.ts';
import { standIn } from './stand-in.ts';

/** Steps kept in all; beyond it the chains that were quiet longest go, and are counted. */
const MOST_STEPS = 200_000;
/** Chains looked at in a step. */
const IN_A_STEP = 1000;
/** Chains of identities without a record: those that acted last. Memory must not grow with every name that a log mentions. */
const MOST_UNRECORDED = 2000;

const STANDS: ReadonlySet<FindingState> = new Set(['open', 'acknowledged', 'silenced']);

/** Groups of events that are judged as a whole, anew at every member: tool chains, credentials, volumes. Any order gives the same groups. */
export class ChainBook {
  readonly all = new Set<KeptChain>();
  /** Since the last cut: changed chains, and names of those that are gone. */
  #changed: KeptChain[] = [];
  readonly #gone = new Map<string, Pick<KeptChain, 'detector' | 'urn' | 'key'>>();
  readonly #p: Processor;
  readonly #detectors: readonly ChainDetector[];
  readonly #ofAnyone: readonly ChainDetector[];
  readonly #byId: ReadonlyMap<string, ChainDetector>;
  /** By detector, URN and key: texts that are there already, so that no event makes a name. */
  readonly #shelves = new Map<string, Map<string, Map<string, KeptChain>>>();
  #touched: KeptChain[] = [];
  /** Chains that have not settled. */
  readonly #waiting = new Set<KeptChain>();
  /** Chains of identities without a record. */
  readonly #unrecorded = new Recency<KeptChain>();
  /** What an event added to last: most add to a chain twice. */
  #latest: KeptChain | null = null;
  #steps = 0;

  constructor(processor: Processor) {
    this.#p = processor;
    this.#detectors = processor.parts.detectors.filter((d) => d.on === 'chain');
    this.#ofAnyone = this.#detectors.filter((d) => d.unrecorded === true);
    this.#byId = new Map(this.#detectors.map((d) => [d.id, d]));
  }

  /** Lets every chain detector take what it needs of an event. Only identities with a record have chains; those of a proposal are judged in shadow. */
  take(event: NhiEvent, identity: Identity, inventory: Inventory, gap: boolean): void {
    this.#ask(event, identity, identity.remit ?? identity.proposal, inventory, 'actor', gap);
    if (event.issued) this.#subject(event, event.issued, inventory, gap);
    if (event.retired) this.#subject(event, event.retired, inventory, gap);
  }

  /** Takes the steps of one event back, wherever it stands: another identity turned out to have acted. */
  untake(event: NhiEvent, urn: string, uid: string): void {
    for (const chain of this.#chainsOf(urn)) {
      const at = chain.steps.findIndex((s) => s.ref.uid === uid && s.count === 1);
      if (at < 0) continue;
      chain.steps.splice(at, 1);
      this.#steps--;
      chain.touched = Math.max(chain.touched, event.time);
      this.#touch(chain);
    }
  }

  /** Judges every chain that changed since the last call and has settled; history comes in order and is settled as it is. */
  judgeTouched(at: Millis, history: boolean): void {
    const touched = this.#touched;
    this.#touched = [];
    for (const chain of touched) {
      if (!chain.isTouched) continue;
      chain.isTouched = false;
      if (chain.steps.length > 0 && chain.standing.length === 0 && this.#byId.get(chain.detector)?.tells?.(chain.steps) === false) continue;
      const wait = history ? 0 : this.#settles(chain);
      if (wait > 0 && chain.due === null) this.#wait(chain, at + wait);
      this.#judge(chain, at, wait === 0);
    }
    for (const chain of [...this.#waiting]) if (chain.due! <= at) this.#settle(chain, at);
    if (this.#steps > MOST_STEPS) this.#shed();
  }

  /** Lets go of steps that their detector does not need any more. */
  * forget(clock: Millis): Steps<void> {
    let looked = 0;
    for (const chain of this.all) {
      if (++looked % IN_A_STEP === 0) yield;
      const detector = this.#byId.get(chain.detector);
      const oldest = Math.max(clock - (detector?.keeps ?? 0), this.#since(chain, chain.touched - (detector?.spans?.(chain.key) ?? Infinity)));
      if (chain.from >= oldest) continue;
      const before = chain.steps.length;
      for (const step of chain.steps) if (step.last < oldest) chain.lostUntil = Math.max(chain.lostUntil, step.last);
      chain.steps = chain.steps.filter((s) => s.last >= oldest);
      chain.from = earliest(chain.steps);
      if (chain.steps.length === before) continue;
      this.#steps -= before - chain.steps.length;
      if (chain.steps.length === 0) this.#remove(chain);
      else this.#change(chain);
    }
  }

  /** `oldest`, or when the first finding began that stands by steps of the chain: while it does, they are all there. */
  #since({ standing }: KeptChain, oldest: Millis): Millis {
    for (const id of standing) {
      const kept = this.#p.book.all.get(id);
      if (kept !== undefined && STANDS.has(kept.finding.state)) oldest = Math.min(oldest, kept.finding.first);
    }
    return oldest;
  }

  /** The identity has another URN from now on. */
  rename(from: string, to: string): void {
    this.#latest = null;
    for (const chain of [...this.#chainsOf(from)]) {
      this.#unindex(chain);
      chain.urn = to;
      this.#index(chain);
      this.#change(chain);
    }
  }

  restore(saved: SavedChain): void {
    const chain = keep(saved);
    this.#index(chain);
    if (chain.due !== null) this.#waiting.add(chain);
    if (chain.unrecorded) this.#unrecorded.use(chain);
    this.#steps += chain.steps.length;
  }

  takeChanged(): KeptChain[] {
    const changed = this.#changed.filter(({ isChanged }) => isChanged);
    for (const chain of changed) chain.isChanged = false;
    this.#changed = [];
    return changed;
  }

  /** To be read to the end before the next event. */
  * takeGone(): Iterable<string> {
    for (const [name, { detector, urn, key }] of this.#gone) if (!this.#find(detector, urn, key)) yield name;
    this.#gone.clear();
  }

  #subject(event: NhiEvent, of: { principal_key?: string | undefined; name_key?: string | undefined }, inventory: Inventory, gap: boolean): void {
    const { natives } = this.#p.identities;
    const key = of.principal_key ?? natives.keyOfName(of.name_key ?? '');
    const names = [...key === undefined ? [] : natives.all.get(key)?.matchKeys ?? [key], ...of.name_key === undefined ? [] : [of.name_key]];
    const remit = inventory.match(names, event.time)?.remit;
    if (!remit) return;
    const { urn } = remit.record;
    this.#ask(event, this.#p.identities.get(urn) ?? standIn(urn, remit), remit, inventory, 'subject', gap);
  }

  #ask(event: NhiEvent, identity: Identity, remit: Remit | null, inventory: Inventory, role: 'actor' | 'subject', gap: boolean): void {
    const detectors = remit === null ? this.#ofAnyone : this.#detectors;
    if (detectors.length === 0) return;
    const view = this.#p.look(identity, remit, inventory);
    for (const detector of detectors) {
      view.remit = approved(detector, remit);
      const members = this.#p.judge.members(detector, event, view, role);
      for (let i = 0; i < members.length; i++) this.#add(detector, identity.urn, members[i]!, event, view, gap, remit === null);
    }
  }

  #add(detector: ChainDetector, urn: string, member: ChainMember, event: NhiEvent, view: View, gap: boolean, unrecorded: boolean): void {
    let chain = this.#latest;
    if (chain?.detector !== detector.id || chain.key !== member.key || chain.urn !== urn) {
      this.#latest = chain = this.#find(detector.id, urn, member.key) ?? this.#begin(detector.id, urn, member.key, event.time, unrecorded);
      if (chain.unrecorded) this.#renew(chain);
    }
    if (event.time > chain.touched) chain.touched = event.time;
    if (event.time < chain.from) chain.from = event.time;
    this.#change(chain);
    this.#touch(chain);
    const { steps } = chain;
    const { slot, id } = member;
    let at = steps.length;
    while (at > 0 && after(steps[at - 1]!, slot, id)) at--;
    const same = steps[at - 1];
    if (same && same.slot === slot && same.id === id) {
      fold(same, detector, member, event, view, gap);
      return;
    }
    const fact: unknown = detector.add ? detector.add(null, id, event, view) : member.fact;
    chain.steps = withItem(steps, at, { slot, id, first: event.time, last: event.time, count: 1, ref: view.ref(event), fact, gap: gap || member.incomplete === true });
    this.#steps++;
    if (chain.steps.length <= detector.cap) return;
    chain.lostUntil = Math.max(chain.lostUntil, chain.steps.shift()!.last);
    this.#steps--;
    chain.dropped++;
  }

  #begin(detector: string, urn: string, key: string, touched: Millis, unrecorded: boolean): KeptChain {
    const chain = keep({ detector, urn, key, steps: [], dropped: 0, lostUntil: 0, standing: [], touched, due: null, unrecorded });
    this.#index(chain);
    return chain;
  }

  #change(chain: KeptChain): void {
    if (chain.isChanged) return;
    chain.isChanged = true;
    this.#changed.push(chain);
  }

  #touch(chain: KeptChain): void {
    if (chain.isTouched) return;
    chain.isTouched = true;
    this.#touched.push(chain);
  }

  #renew(chain: KeptChain): void {
    this.#unrecorded.use(chain);
    if (this.#unrecorded.size <= MOST_UNRECORDED) return;
    const quietest = this.#unrecorded.oldest;
    this.#steps -= quietest.steps.length;
    this.#remove(quietest);
  }

  #wait(chain: KeptChain, due: Millis): void {
    chain.due = due;
    this.#waiting.add(chain);
    this.#change(chain);
  }

  /** What has been there for long enough is judged as it is; a group that goes on for hours does not put that off. */
  #settle(chain: KeptChain, at: Millis): void {
    const wait = this.#settles(chain);
    const next = chain.steps.find(({ slot }) => slot > at - wait);
    this.#judge(chain, at, true, next === undefined ? Infinity : at - wait);
    if (next !== undefined && this.all.has(chain)) this.#wait(chain, Math.min(next.slot, at) + wait);
  }

  #settles(chain: KeptChain): Millis { return this.#byId.get(chain.detector)?.settles?.(chain.key) ?? 0; }

  /** `until`: steps after it are left out, as if they had not come. */
  #judge(chain: KeptChain, at: Millis, settled: boolean, until = Infinity): void {
    if (settled) {
      chain.due = null;
      this.#waiting.delete(chain);
    }
    const detector = this.#byId.get(chain.detector);
    if (!detector) return;
    this.#change(chain);
    const last = chain.steps.at(-1)?.last ?? chain.touched;
    const inventory = this.#p.parts.timeline.at(last);
    const identity = this.#p.identities.get(chain.urn) ?? standIn(chain.urn, null);
    const remit = approved(detector, this.#p.identities.recordOf(identity, inventory, last));
    const part = `chain ${chain.key}`;
    const standing = new Set<string>();
    const steps = until === Infinity ? chain.steps : chain.steps.filter(({ slot }) => slot <= until);
    if ((remit !== null || detector.unrecorded === true) && steps.length > 0) {
      const view = this.#p.look(identity, remit, inventory);
      const whole: Chain = { key: chain.key, steps, dropped: chain.dropped, lostUntil: chain.lostUntil, incomplete: steps.some((s) => s.gap), settled };
      for (const judged of this.#words(detector, whole, chain, view)) {
        if (remit?.reviewed === false) {
          const name = `shadow ${judged.signal.subject} ${judged.signal.bucket}`;
          if (!chain.standing.includes(name)) this.#p.shadows.add(chain.urn, detector, judged.signal);
          standing.add(name);
          continue;
        }
        const id = idOf(chain.urn, judged);
        // What was said and is forgotten meanwhile is no news.
        standing.add(chain.standing.includes(id) && !this.#p.book.all.has(id) ? id : openFinding(this.#p, judged, { identity, remit, inventory, event: null, at, part, provisional: false }));
      }
    }
    for (const id of chain.standing) {
      const kept = this.#p.book.all.get(id);
      // What rests on steps that are gone was right when it was said, and what is over is not taken back.
      if (kept && !standing.has(id) && STANDS.has(kept.finding.state) && kept.finding.first > chain.lostUntil) this.#p.book.retract(kept, part, at);
    }
    chain.standing = [...standing];
    if (chain.steps.length === 0) this.#remove(chain);
  }

  /** Before a chain has settled: what nothing can undo, and what stands already, if it still does. */
  #words(detector: ChainDetector, whole: Chain, { standing, urn }: KeptChain, view: View): ReturnType<Judge['chain']> {
    const said = this.#p.judge.chain(detector, whole, view);
    if (whole.settled === true || standing.length === 0) return said;
    const names = new Set([...said.map((one) => idOf(urn, one)), ...standing]);
    return this.#p.judge.chain(detector, { ...whole, settled: true }, view).filter((one) => names.has(idOf(urn, one)));
  }

  /** A flood of chains: the ones that were quiet longest go first. */
  #shed(): void {
    const oldest = [...this.all].sort((a, b) => a.touched - b.touched);
    let lost = 0;
    for (const chain of oldest) {
      if (this.#steps <= MOST_STEPS * 0.9) break;
      this.#steps -= chain.steps.length;
      lost += chain.steps.length;
      this.#remove(chain);
    }
    this.#p.parts.watch.overflowed(lost);
  }

  #find(detector: string, urn: string, key: string): KeptChain | undefined {
    return this.#shelves.get(detector)?.get(urn)?.get(key);
  }

  *#chainsOf(urn: string): Iterable<KeptChain> {
    for (const shelf of this.#shelves.values()) yield* shelf.get(urn)?.values() ?? [];
  }

  #index(chain: KeptChain): void {
    this.all.add(chain);
    let shelf = this.#shelves.get(chain.detector);
    if (!shelf) this.#shelves.set(chain.detector, shelf = new Map());
    const ofUrn = shelf.get(chain.urn);
    if (ofUrn) ofUrn.set(chain.key, chain);
    else shelf.set(chain.urn, new Map([[chain.key, chain]]));
  }

  /** Takes the chain from its place; its row goes with the next cut unless another has its name by then. */
  #unindex(chain: KeptChain): void {
    const { detector, urn, key } = chain;
    this.all.delete(chain);
    const shelf = this.#shelves.get(detector)!;
    const ofUrn = shelf.get(urn)!;
    ofUrn.delete(key);
    if (ofUrn.size === 0) shelf.delete(urn);
    this.#gone.set(nameOf(chain), { detector, urn, key });
  }

  #remove(chain: KeptChain): void {
    this.#unindex(chain);
    chain.isChanged = false;
    chain.isTouched = false;
    this.#waiting.delete(chain);
    this.#unrecorded.drop(chain);
    if (this.#latest === chain) this.#latest = null;
  }
}

/** A proposal takes nothing away from what is said of identities without a record. */
function approved(detector: ChainDetector, remit: Remit | null): Remit | null {
  return detector.unrecorded === true && remit?.reviewed === false ? null : remit;
}

function idOf(urn: string, { detector, signal: { subject, bucket } }: Judged): string { return fingerprint(urn, detector.id, subject, bucket); }
