import { KINDS, type IdentityClass, type Inventory, type Kind, type Millis, type NhiEvent, type Remit } from '@remit/contract';
import type { OpenHour } from './hours.ts';

/** Proofs of who stands behind an identity, collected over all its events. */
export const HUMAN = 1;
export const MACHINE = 2;
export const PLATFORM = 4;

/** A principal as one provider names it. One immutable id, or one name for which no id has been seen. */
export interface Native {
  key: string;
  immutable: boolean;
  /** The id that was seen after the name: events carry it from then on. */
  adopted?: string;
  /** The provider's id, for the URN of a recreated name. */
  uid: string;
  /** URN of the name, without an id. */
  plain: string;
  /** False while only the id is known, so that `plain` carries the id. */
  named: boolean;
  first: Millis;
  aliases: string[];
  urn: string;
  matchKeys: string[];
}

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
  natives: string[];
  /** Indexes of the feeds that carry it. */
  feeds: number[];
  open: OpenHour[];
  /** End of the last closed hour. */
  closedUntil: Millis;
  score: number | null;
  remit: Remit | null;
}

/** A credential seen at its creation: the principal it was issued to, and who asked for it. */
export interface Issue { key: string; issuer: string; at: Millis }

const UNKNOWN_RANK = KINDS.indexOf('unknown');
const MAX_ALIASES = 16;
const MAX_CREDENTIALS = 200_000;

/**
 * Who acted: finds the durable identity of an event, whatever its sessions and keys are called. Names that come back with a
 * new immutable id become identities of their own; the first id by event time owns the plain URN.
 */
export class Identities {
  readonly all: Identity[] = [];
  readonly natives = new Map<string, Native>();
  readonly #byUrn = new Map<string, Identity>();
  readonly #byName = new Map<string, Native[]>();
  readonly #issued = new Map<string, Issue>();
  /** Since the last cut. */
  readonly changed = new Set<Identity>();
  #shown = new Set<Identity>();
  readonly changedNatives = new Set<Native>();
  readonly changedCredentials = new Map<string, Issue>();

  /**
   * The identity of an event and its record, or null when the event names nobody. Rewrites `actor.identity` and
   * `actor.delegation` to the durable URNs.
   */
  resolve(event: NhiEvent, inventory: Inventory): Identity | null {
    const credential = event.credential?.uid;
    const issue = credential === undefined ? undefined : this.#issued.get(credential);
    let native = event.principal_key === '' ? null : this.#native(event);
    if (!native && issue) native = this.natives.get(issue.key) ?? null;
    if (event.issued) this.#remember(event, native);
    const actor = event.actor.identity;
    if (!native) {
      actor.urn = null;
      actor.resolution = 'none';
      return null;
    }
    const hit = inventory.match(native.matchKeys, event.time);
    const identity = this.#identity(hit ? hit.remit.record.urn : native.urn);
    // A proposal is judged in shadow: it names the identity and approves nothing.
    identity.remit = hit?.remit.reviewed ? hit.remit : null;
    if (hit && hit.remit.record.urn !== native.urn) actor.resolution = 'alias';
    else if (event.principal_key === '') actor.resolution = 'fallback';
    if (!identity.natives.includes(native.key)) identity.natives.push(native.key);
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
    const native = this.natives.get(event.principal_key);
    if (!native) return;
    for (const urn of [native.urn, native.plain]) {
      const identity = this.#byUrn.get(urn);
      if (!identity?.natives.includes(native.key)) continue;
      event.actor.identity.urn = identity.urn;
      event.actor.identity.kind = this.kindOf(identity);
      return;
    }
    const bound = this.all.find((i) => i.natives.includes(native.key));
    if (bound) event.actor.identity.urn = bound.urn;
  }

  /** Native principal keys behind an identity: what the journal's filter knows. */
  principalKeys(identity: Identity): string[] {
    return identity.natives.flatMap((key) => [key, ...(this.natives.get(key)?.aliases ?? [])]);
  }

  aliases(identity: Identity): string[] {
    const names = new Set<string>();
    for (const key of identity.natives) {
      names.add(key);
      for (const alias of this.natives.get(key)?.aliases ?? []) names.add(alias);
    }
    return [...names].sort();
  }

  classOf(identity: Identity): IdentityClass {
    const declared = identity.remit?.record.kind;
    if (declared && declared !== 'unknown') return declared === 'human' ? 'human' : declared === 'platform' ? 'platform' : 'machine';
    if (identity.proofs & PLATFORM) return 'platform';
    if (identity.proofs & HUMAN) return 'human';
    return identity.proofs & MACHINE ? 'machine' : 'unknown';
  }

  kindOf(identity: Identity): Kind {
    const declared = identity.remit?.record.kind;
    if (declared && declared !== 'unknown') return declared;
    if (identity.proofs & PLATFORM) return 'platform';
    if (identity.proofs & HUMAN) return 'human';
    return KINDS[identity.kindRank]!;
  }

  /** Takes in what the event proves of who stands behind the identity. */
  prove(identity: Identity, event: NhiEvent): void {
    const { flags } = event;
    for (let i = 0; i < flags.length; i++) {
      const flag = flags[i];
      if (flag === 'interactive') identity.proofs |= HUMAN;
      else if (flag === 'machine') identity.proofs |= MACHINE;
      else if (flag === 'platform_owned') identity.proofs |= PLATFORM;
    }
    const { kind } = event.actor.identity;
    if (kind === identity.lastKind) return;
    identity.lastKind = kind;
    identity.kindRank = Math.min(identity.kindRank, KINDS.indexOf(kind));
  }

  /** Counts an event of its own: first and last activity, outcome. */
  count(identity: Identity, event: NhiEvent): void {
    if (event.time < identity.first) identity.first = event.time;
    if (event.time > identity.last) identity.last = event.time;
    if (event.outcome.denied) identity.denied++;
    else if (event.status_id === 2) identity.failure++;
    else identity.success++;
    this.changed.add(identity);
    this.#shown.add(identity);
  }

  /** Identities whose numbers moved since the last call. */
  takeShown(): Set<Identity> {
    const shown = this.#shown;
    this.#shown = new Set();
    return shown;
  }

  #native(event: NhiEvent): Native {
    const key = event.principal_key;
    const known = this.natives.get(key);
    if (known) {
      if (event.time < known.first) this.#earlier(known, event);
      if (!known.named) this.#name(known, event);
      const alias = event.actor.user?.uid_alt;
      if (alias !== undefined && known.aliases[0] !== alias) this.#alias(known, alias);
      return known;
    }
    const plain = event.actor.identity.urn ?? key;
    const immutable = event.actor.identity.resolution === 'immutable_id';
    const holders = this.#byName.get(plain);
    if (holders) {
      if (!immutable) return this.#nameOnly(holderAt(holders, event.time), event);
      const nameless = holders.find((h) => !h.immutable);
      if (nameless && holders.length === 1) return this.#adopt(nameless, event);
    }
    return this.#create(event, plain, immutable);
  }

  #nameOnly(native: Native, event: NhiEvent): Native {
    this.#alias(native, event.principal_key);
    return native;
  }

  #create(event: NhiEvent, plain: string, immutable: boolean): Native {
    const uid = event.actor.user?.uid ?? event.principal_key;
    const native: Native = {
      key: event.principal_key, immutable, uid, plain, named: !immutable || !plain.endsWith(`/${uid}`), first: event.time,
      aliases: event.actor.user?.uid_alt === undefined ? [] : [event.actor.user.uid_alt], urn: plain, matchKeys: [],
    };
    this.natives.set(native.key, native);
    this.#hold(native);
    return native;
  }

  /** A name that was seen without an id shows its first id: the same identity from now on. */
  #adopt(native: Native, event: NhiEvent): Native {
    this.natives.set(event.principal_key, native);
    native.immutable = true;
    native.adopted = event.principal_key;
    native.uid = event.actor.user?.uid ?? event.principal_key;
    this.#alias(native, event.principal_key);
    this.#rank(native.plain);
    return native;
  }

  #hold(native: Native): void {
    const holders = this.#byName.get(native.plain);
    if (holders) holders.push(native);
    else this.#byName.set(native.plain, [native]);
    this.#rank(native.plain);
  }

  #earlier(native: Native, event: NhiEvent): void {
    native.first = event.time;
    this.changedNatives.add(native);
    if (this.#byName.get(native.plain)!.length > 1) this.#rank(native.plain);
  }

  /** An id that was seen without a name shows it. */
  #name(native: Native, event: NhiEvent): void {
    const plain = event.actor.identity.urn;
    if (plain === null || plain === native.plain) return;
    const rest = this.#byName.get(native.plain)!.filter((h) => h !== native);
    if (rest.length > 0) this.#byName.set(native.plain, rest);
    else this.#byName.delete(native.plain);
    native.plain = plain;
    native.named = true;
    this.#hold(native);
  }

  #alias(native: Native, alias: string): void {
    if (native.aliases.includes(alias) || native.aliases.length >= MAX_ALIASES) return;
    native.aliases.push(alias);
    native.matchKeys = matchKeys(native);
    this.changedNatives.add(native);
  }

  /** Orders the ids of one name by their first event; the first owns the plain URN. */
  #rank(plain: string): void {
    const holders = this.#byName.get(plain)!;
    holders.sort((a, b) => a.first - b.first || (a.key < b.key ? -1 : 1));
    const renames: [Identity, string][] = [];
    holders.forEach((native, i) => {
      const urn = i === 0 ? plain : `${plain}@${encodeURIComponent(native.uid)}`.slice(0, 512);
      if (urn !== native.urn) {
        const identity = this.#byUrn.get(native.urn);
        if (identity && identity.natives.includes(native.key)) renames.push([identity, urn]);
        native.urn = urn;
      }
      native.matchKeys = matchKeys(native);
      this.changedNatives.add(native);
    });
    for (const [identity] of renames) this.#byUrn.delete(identity.urn);
    for (const [identity, urn] of renames) {
      identity.urn = urn;
      this.#byUrn.set(urn, identity);
      this.changed.add(identity);
    }
  }

  #identity(urn: string): Identity {
    let identity = this.#byUrn.get(urn);
    if (!identity) {
      identity = {
        index: this.all.length, urn, kindRank: UNKNOWN_RANK, lastKind: '', proofs: 0, first: Infinity, last: -Infinity, success: 0, failure: 0,
        denied: 0, sensitive: false, natives: [], feeds: [], open: [], closedUntil: -Infinity, score: null, remit: null,
      };
      this.all.push(identity);
      this.#byUrn.set(urn, identity);
    }
    return identity;
  }

  /** Issued credential → the principal it was issued to, and who asked for it. */
  #remember(event: NhiEvent, issuer: Native | null): void {
    if (event.status_id === 2) return;
    const { uid, principal_key: to, name_key: name } = event.issued!;
    const key = to ?? this.#byName.get(name ?? '')?.[0]?.key ?? '';
    const issue = { key, issuer: issuer?.urn ?? '', at: event.time };
    this.#issued.set(uid, issue);
    this.changedCredentials.set(uid, issue);
    if (this.#issued.size > MAX_CREDENTIALS) this.#issued.delete(this.#issued.keys().next().value!);
  }

  /** What a restart needs of an identity, as JSON. */
  saveIdentity(identity: Identity): object {
    const { index: _, open: __, remit: ___, lastKind: ____, ...rest } = identity;
    return rest;
  }

  restoreCredential(uid: string, issue: Issue): void {
    this.#issued.set(uid, issue);
  }

  restoreNative(native: Native): void {
    this.natives.set(native.key, native);
    if (native.adopted !== undefined) this.natives.set(native.adopted, native);
    const holders = this.#byName.get(native.plain);
    if (holders) holders.push(native);
    else this.#byName.set(native.plain, [native]);
  }

  restoreIdentity(index: number, saved: Omit<Identity, 'index' | 'open' | 'remit' | 'lastKind'>): void {
    const identity: Identity = {
      ...saved, first: saved.first ?? Infinity, last: saved.last ?? -Infinity, closedUntil: saved.closedUntil ?? -Infinity,
      index, open: [], remit: null, lastKind: '',
    };
    this.all[index] = identity;
    this.#byUrn.set(identity.urn, identity);
  }

  /** Binds the records of the inventory in force, so that class, kind and owner are right without a new event. */
  bind(inventory: Inventory, at: Millis): void {
    for (const identity of this.all) {
      identity.remit = null;
      for (const key of identity.natives) {
        const native = this.natives.get(key);
        const hit = native && inventory.match(native.matchKeys, at);
        if (hit?.remit.reviewed && hit.remit.record.urn === identity.urn) identity.remit = hit.remit;
      }
    }
  }
}

function holderAt(holders: Native[], time: Millis): Native {
  let found = holders[0]!;
  for (const holder of holders) if (holder.first <= time) found = holder;
  return found;
}

/** Immutable ids first; a recreated name never answers to the old name. */
function matchKeys(native: Native): string[] {
  if (native.urn !== native.plain) return [native.key, native.uid, native.urn];
  return [...new Set([native.key, native.uid, native.urn, ...native.aliases])];
}
