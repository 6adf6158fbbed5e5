import { KINDS, type IdentityClass, type Inventory, type Kind, type Millis, type NhiEvent, type Remit, type Steps } from '@remit/contract';
import { markActive, newActivity, type Activity } from './activity.ts';
import type { OpenHour } from './hours.ts';
import { Natives, type Native } from './natives.ts';
import { loadIdentity, loadNative, NO_CARRIERS, type SavedIdentity, type SavedNative } from './saved-identity.ts';

/** Proofs of who stands behind an identity, collected over all its events. */
const HUMAN = 1;
const MACHINE = 2;
const PLATFORM = 4;
/** A person at work with something that is nobody's own: a role taken with MFA. */
const BORROWED = 8;

/** Identities looked at in a step. */
const IN_A_STEP = 500;

/** One durable identity: what is counted, judged and learned. Several natives may be one, through the inventory. */
export interface Identity {
  index: number;
  urn: string;
  kindRank: number;
  /** Kind of the last event, so that the rank is looked up only when it changes. */
  lastKind: string;
  proofs: number;
  first: Millis;
  last: Millis;
  success: number;
  failure: number;
  denied: number;
  sensitive: boolean;
  natives: readonly Native[];
  /** Names under which its calls were journaled before their traces said who acted. */
  carriers: string[];
  /** Indexes of the feeds that carry it. */
  feeds: number[];
  open: OpenHour[];
  /** End of the last closed hour. */
  closedUntil: Millis;
  score: number | null;
  /** What its latest score of two digits or more is made of; not kept through a restart. */
  deviates: { at: Millis; of: readonly { habit: string; calibrated: number }[] } | null;
  /** End of the last closed hour in which something succeeded, and the longest pause before it. */
  succeededUntil: Millis | null;
  longestPause: Millis;
  /** Refused events in closed hours since something succeeded. */
  refused: number;
  /** Time of the last call that came without its ancestors, or of traces that are sampled; 0 for never. */
  partly: Millis;
  /** When it was active lately; only where its record expects work at certain times. */
  activity: Activity | null;
  remit: Remit | null;
  /** A record that nobody has approved yet: judged in shadow. */
  proposal: Remit | null;
}

/** A credential seen at its creation: the principal it was issued to, and who asked for it. */
export interface Issue { key: string; issuer: string; at: Millis }

const UNKNOWN_RANK = KINDS.indexOf('unknown');
const MAX_CREDENTIALS = 200_000;
const MAX_CARRIERS = 16;

/**
 * Who acted: finds the durable identity of an event, whatever its sessions and keys are called. Names that come back with a
 * new immutable id become identities of their own; the first id by event time owns the plain URN.
 */
export class Identities {
  readonly all: Identity[] = [];
  readonly natives = new Natives((renames) => this.#rename(renames));
  readonly #byUrn = new Map<string, Identity>();
  readonly #issued = new Map<string, Issue>();
  /** Keys that a record names, by the identity it makes of them. */
  readonly #ofCredential = new Map<string, Identity>();
  /** Told when an identity gets another URN, before it has it. */
  renamed: (from: string, to: string) => void = () => {};
  /** Since the last cut. */
  readonly changed = new Set<Identity>();
  #shown = new Set<Identity>();
  readonly changedCredentials = new Map<string, Issue>();

  /**
   * The identity of an event and its record, or null when the event names nobody. Rewrites `actor.identity` and
   * `actor.delegation` to the durable URNs.
   */
  resolve(event: NhiEvent, inventory: Inventory): Identity | null {
    const credential = event.credential?.uid;
    const issue = credential === undefined ? undefined : this.#issued.get(credential);
    let native = event.principal_key === '' ? null : this.natives.of(event);
    if (!native && issue) native = this.natives.all.get(issue.key) ?? null;
    if (event.issued) this.#remember(event, native);
    const actor = event.actor.identity;
    if (!native) {
      actor.urn = null;
      actor.resolution = 'none';
      return null;
    }
    // A key that a record names is an identity of its own, whosever it is: a person's key that a pipeline works with.
    const matched = inventory.match(native.matchKeys, event.time);
    const own = credential === undefined ? null : inventory.ofCredential(credential, event.time);
    const apart = own !== null && own.remit !== matched?.remit && own.remit.record.urn !== native.urn;
    const hit = apart ? own : matched;
    const identity = this.#identity(hit ? hit.remit.record.urn : native.urn, native.holders[0]);
    // A proposal is judged in shadow: it names the identity and approves nothing.
    identity.remit = hit?.remit.reviewed ? hit.remit : null;
    identity.proposal = hit && !hit.remit.reviewed ? hit.remit : null;
    if (identity.activity === null && identity.remit !== null) this.#watch(identity, identity.remit);
    if (hit && hit.remit.record.urn !== native.urn) actor.resolution = 'alias';
    else if (event.principal_key === '') actor.resolution = 'fallback';
    if (apart) this.#lend(identity, native, credential!);
    else if (!identity.natives.includes(native)) {
      identity.natives = identity.natives.concat(native);
      native.holders = native.holders.concat(identity);
    }
    actor.urn = identity.urn;
    if (issue && issue.issuer !== '' && issue.issuer !== identity.urn && !event.actor.delegation) event.actor.delegation = [issue.issuer];
    return identity;
  }

  /** The identity with this URN, if it has been seen. */
  get(urn: string): Identity | undefined {
    return this.#byUrn.get(urn);
  }

  /** Writes the durable identity into an archived event, without counting it. */
  describe(event: NhiEvent): void {
    const holder = event.credential?.uid === undefined ? undefined : this.#ofCredential.get(event.credential.uid);
    if (holder?.carriers.includes(event.principal_key)) {
      Object.assign(event.actor.identity, { urn: holder.urn, kind: this.kindOf(holder), resolution: 'alias' });
      return;
    }
    if (event.actor.identity.resolution === 'trace') {
      const carried = this.all.filter((i) => i.carriers.includes(event.principal_key));
      if (carried.length === 1) event.actor.identity.urn = carried[0]!.urn;
    }
    const native = this.natives.all.get(event.principal_key);
    if (!native) return;
    for (const urn of [native.urn, native.plain]) {
      const identity = this.#byUrn.get(urn);
      if (!identity?.natives.includes(native)) continue;
      event.actor.identity.urn = identity.urn;
      event.actor.identity.kind = this.kindOf(identity);
      return;
    }
    const [bound] = native.holders;
    if (bound) event.actor.identity.urn = bound.urn;
  }

  /** Native principal keys behind an identity: what the journal's filter knows. */
  principalKeys(identity: Identity): string[] {
    return [...identity.natives.flatMap(({ key, aliases }) => [key, ...aliases]), ...identity.carriers];
  }

  /** A call of this identity was journaled under a name that is not its own. */
  carry(identity: Identity, key: string): void {
    if (identity.carriers.includes(key) || identity.natives.some((native) => native.key === key) || identity.carriers.length >= MAX_CARRIERS) return;
    identity.carriers = identity.carriers.concat(key);
  }

  /** Calls with this key are journaled under the principal that holds it. */
  #lend(identity: Identity, native: Native, credential: string): void {
    if (this.#ofCredential.get(credential) === identity && identity.carriers.includes(native.key)) return;
    this.#ofCredential.set(credential, identity);
    this.carry(identity, native.key);
  }

  aliases(identity: Identity): string[] {
    const names = new Set<string>();
    for (const { key, aliases } of identity.natives) {
      names.add(key);
      for (const alias of aliases) names.add(alias);
    }
    return [...names].sort();
  }

  classOf(identity: Identity): IdentityClass {
    const declared = identity.remit?.record.kind;
    if (declared && declared !== 'unknown') return declared === 'human' ? 'human' : declared === 'platform' ? 'platform' : 'machine';
    if (identity.proofs & PLATFORM) return 'platform';
    if (identity.proofs & (HUMAN | BORROWED)) return 'human';
    return identity.proofs & MACHINE ? 'machine' : 'unknown';
  }

  /** A person's own identity: what it does by habit is nobody's business. A role that a person has taken is judged like any other. */
  isPerson(identity: Identity): boolean {
    if (this.classOf(identity) !== 'human') return false;
    return (identity.proofs & HUMAN) !== 0 || identity.remit?.record.kind === 'human';
  }

  kindOf(identity: Identity): Kind {
    const declared = identity.remit?.record.kind;
    if (declared && declared !== 'unknown') return declared;
    if (identity.proofs & PLATFORM) return 'platform';
    if (identity.proofs & (HUMAN | BORROWED)) return 'human';
    return KINDS[identity.kindRank]!;
  }

  /** Takes in what the event proves of who stands behind the identity. True when it proves, for the first time, a person behind an undeclared one. */
  prove(identity: Identity, event: NhiEvent): boolean {
    const { flags } = event;
    const before = identity.proofs;
    for (let i = 0; i < flags.length; i++) {
      const flag = flags[i];
      if (flag === 'interactive') identity.proofs |= event.actor.identity.kind === 'human' ? HUMAN : BORROWED;
      else if (flag === 'machine') identity.proofs |= MACHINE;
      else if (flag === 'platform_owned') identity.proofs |= PLATFORM;
    }
    const { kind } = event.actor.identity;
    if (kind !== identity.lastKind) {
      identity.lastKind = kind;
      identity.kindRank = Math.min(identity.kindRank, KINDS.indexOf(kind));
    }
    return identity.proofs !== before && (before & HUMAN) === 0 && this.isPerson(identity);
  }

  /** Counts an event of its own: first and last activity, outcome. */
  count(identity: Identity, event: NhiEvent): void {
    this.saw(identity, event);
    if (event.outcome.denied) identity.denied++;
    else if (event.status_id === 2) identity.failure++;
    else identity.success++;
    if (identity.activity !== null) markActive(identity.activity, event.time);
  }

  /** It was active then. */
  saw(identity: Identity, { time }: NhiEvent): void {
    if (time < identity.first) identity.first = time;
    if (time > identity.last) identity.last = time;
    this.changed.add(identity);
    this.#shown.add(identity);
  }

  /** What is read of it changed without an event. */
  show(identity: Identity): void {
    this.#shown.add(identity);
  }

  /** Identities whose numbers moved since the last call. */
  takeShown(): Set<Identity> {
    const shown = this.#shown;
    this.#shown = new Set();
    return shown;
  }

  /** Natives of one name changed places: what was counted stays with the native it was counted for. */
  #rename(renames: readonly { native: Native; from: string }[]): void {
    const moved: [Identity, string][] = [];
    for (const { native, from } of renames) {
      const identity = this.#byUrn.get(from);
      if (identity?.natives.includes(native)) moved.push([identity, native.urn]);
    }
    for (const [identity] of moved) this.#byUrn.delete(identity.urn);
    // Whoever has a name leaves it before another gets it, with all that is kept by name.
    const left = new Set(moved.map(([identity]) => identity.urn));
    moved.sort(([, a], [, b]) => Number(left.has(a)) - Number(left.has(b)));
    for (const [identity, urn] of moved) {
      this.renamed(identity.urn, urn);
      identity.urn = urn;
      this.#byUrn.set(urn, identity);
      this.changed.add(identity);
    }
  }

  /** `likely`: nearly always the one. */
  #identity(urn: string, likely: Identity | undefined): Identity {
    let identity = likely?.urn === urn ? likely : this.#byUrn.get(urn);
    if (!identity) {
      identity = {
        index: this.all.length, urn, kindRank: UNKNOWN_RANK, lastKind: '', proofs: 0, first: Infinity, last: -Infinity, success: 0, failure: 0,
        denied: 0, sensitive: false, natives: [], carriers: NO_CARRIERS, feeds: [], open: [], closedUntil: -Infinity, score: null, deviates: null, succeededUntil: null, longestPause: 0, refused: 0, partly: 0, activity: null, remit: null, proposal: null,
      };
      this.all.push(identity);
      this.#byUrn.set(urn, identity);
    }
    return identity;
  }

  /** Begins to remember when it is active, if work is expected of it at certain times. */
  #watch(identity: Identity, { record }: Remit): void {
    if (record.schedule?.windows?.length) identity.activity = newActivity(identity.last);
  }

  /** Issued credential → the principal it was issued to, and who asked for it. */
  #remember(event: NhiEvent, issuer: Native | null): void {
    if (event.status_id === 2) return;
    const { uid, principal_key: to, name_key: name } = event.issued!;
    const key = to ?? this.natives.keyOfName(name ?? '') ?? '';
    const issue = { key, issuer: issuer?.urn ?? '', at: event.time };
    this.#issued.set(uid, issue);
    this.changedCredentials.set(uid, issue);
    if (this.#issued.size > MAX_CREDENTIALS) this.#issued.delete(this.#issued.keys().next().value!);
  }

  /** Natives that changed since the last cut and that nobody holds; those that somebody holds are kept with who does. */
  takeNativesAlone(): Native[] {
    const alone: Native[] = [];
    for (const native of this.natives.changed) {
      if (native.holders.length === 0) alone.push(native);
      for (const holder of native.holders) this.changed.add(holder);
    }
    this.natives.changed.clear();
    return alone;
  }

  restoreCredential(uid: string, issue: Issue): void {
    this.#issued.set(uid, issue);
  }

  /** A native that no identity holds, as it was saved. */
  restoreNative(saved: SavedNative): void {
    this.natives.restore(loadNative(saved, '', 0));
  }

  restoreIdentity(index: number, saved: SavedIdentity): void {
    const identity = loadIdentity(index, saved, (native, urn, first) => this.natives.restore(loadNative(native, urn, first)));
    for (const native of identity.natives) native.holders = native.holders.concat(identity);
    this.all[index] = identity;
    this.#byUrn.set(identity.urn, identity);
  }

  /** The record of an identity in an inventory, at a time; proposed or reviewed. */
  recordOf(identity: Identity, inventory: Inventory, at: Millis): Remit | null {
    for (const { matchKeys } of identity.natives) {
      const hit = inventory.match(matchKeys, at);
      if (hit && hit.remit.record.urn === identity.urn) return hit.remit;
    }
    return identity.natives.length > 0 ? null : inventory.match([identity.urn], at)?.remit ?? null;
  }

  /** The URN whose name an identity carries under a later id, or null. */
  recreatedFrom(identity: Identity): string | null {
    return identity.natives.find(({ urn, plain }) => urn !== plain)?.plain ?? null;
  }

  /** Binds the records of the inventory in force, so that class, kind and owner are right without a new event. */
  * bind(inventory: Inventory, at: Millis): Steps<void> {
    for (let i = 0; i < this.all.length; i++) {
      const identity = this.all[i]!;
      if (i % IN_A_STEP === 0) yield;
      const remit = this.recordOf(identity, inventory, at);
      identity.remit = remit?.reviewed ? remit : null;
      identity.proposal = remit?.reviewed ? null : remit;
      if (identity.carriers.length > 0) for (const { value } of remit?.record.aliases ?? []) this.#ofCredential.set(value, identity);
      if (identity.activity === null && identity.remit !== null) this.#watch(identity, identity.remit);
    }
  }
}
