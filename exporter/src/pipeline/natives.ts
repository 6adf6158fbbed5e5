import type { Millis, NhiEvent } from '@remit/contract';
import type { Identity } from './identities.ts';

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
  /** Nearly always one. None while only a credential of somebody else's has been used. */
  holders: readonly Identity[];
}

const MAX_ALIASES = 16;
const NOBODY: readonly Identity[] = [];
/** Principals kept apart: a flood of names ends here, and what comes beyond is counted as unattributed. */
const MOST = 1_000_000;

/**
 * The principals as providers name them. A name that comes back with a new immutable id is another native; the first id by event time
 * owns the plain URN, each later one is `…/NAME@ID`, and events with only a name go to the id valid at their time.
 */
export class Natives {
  readonly all = new Map<string, Native>();
  /** Since the last cut. */
  readonly changed = new Set<Native>();
  readonly #byName = new Map<string, Native[]>();
  readonly #renamed: (renames: readonly { native: Native; from: string }[]) => void;

  /** `renamed` is told of natives whose URN changed, all of one name at once. */
  constructor(renamed: (renames: readonly { native: Native; from: string }[]) => void) {
    this.#renamed = renamed;
  }

  /** The key of the first holder of a name, or nothing. */
  keyOfName(plain: string): string | undefined {
    return this.#byName.get(plain)?.[0]?.key;
  }

  /** Takes in a native as it was saved. One that is known already stays as it is. */
  restore(saved: Omit<Native, 'matchKeys' | 'holders'>): Native {
    const known = this.all.get(saved.key);
    if (known) return known;
    const native: Native = Object.assign(saved, { matchKeys: [], holders: NOBODY });
    native.matchKeys = matchKeys(native);
    this.all.set(native.key, native);
    if (native.adopted !== undefined) this.all.set(native.adopted, native);
    const ofName = this.#byName.get(native.plain);
    if (ofName) ofName.splice(0, Infinity, ...[...ofName, native].sort(byFirst));
    else this.#byName.set(native.plain, [native]);
    return native;
  }

  /** The native of an event that names a principal; made when it is new. Null when the books are full. */
  of(event: NhiEvent): Native | null {
    const key = event.principal_key;
    const plain = event.actor.identity.urn ?? key;
    if (event.actor.identity.resolution !== 'immutable_id') {
      const holders = this.#byName.get(plain);
      return holders ? this.#nameOnly(holderAt(holders, event.time), event) : this.#create(event, plain, false);
    }
    const known = this.all.get(key);
    if (known) {
      if (event.time < known.first) this.#earlier(known, event);
      if (!known.named) this.#name(known, event);
      const alias = event.actor.user?.uid_alt;
      if (alias !== undefined && known.aliases[0] !== alias) this.#alias(known, alias);
      return known;
    }
    const holders = this.#byName.get(plain);
    if (holders?.length === 1 && !holders[0]!.immutable) return this.#adopt(holders[0]!, event);
    return this.#create(event, plain, true);
  }

  #nameOnly(native: Native, event: NhiEvent): Native {
    if (event.time < native.first) this.#earlier(native, event);
    if (native.key !== event.principal_key) this.#alias(native, event.principal_key);
    return native;
  }

  #create(event: NhiEvent, plain: string, immutable: boolean): Native | null {
    if (this.all.size >= MOST) return null;
    const uid = event.actor.user?.uid ?? event.principal_key;
    const native: Native = {
      key: event.principal_key, immutable, uid, plain, named: !immutable || !plain.endsWith(`/${uid}`), first: event.time,
      aliases: event.actor.user?.uid_alt === undefined ? [] : [event.actor.user.uid_alt], urn: plain, matchKeys: [], holders: NOBODY,
    };
    this.all.set(native.key, native);
    this.#hold(native);
    return native;
  }

  /** A name that was seen without an id shows its first id: the same identity from now on. */
  #adopt(native: Native, event: NhiEvent): Native {
    this.all.set(event.principal_key, native);
    native.immutable = true;
    native.first = Math.min(native.first, event.time);
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
    this.changed.add(native);
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
    this.changed.add(native);
  }

  /** Orders the ids of one name by their first event; the first owns the plain URN. */
  #rank(plain: string): void {
    const holders = this.#byName.get(plain)!;
    holders.sort(byFirst);
    const renames: { native: Native; from: string }[] = [];
    holders.forEach((native, i) => {
      const urn = i === 0 ? plain : `${plain}@${encodeURIComponent(native.uid)}`.slice(0, 512);
      if (urn !== native.urn) renames.push({ native, from: native.urn });
      native.urn = urn;
      native.matchKeys = matchKeys(native);
      this.changed.add(native);
    });
    if (renames.length > 0) this.#renamed(renames);
  }
}

function byFirst(a: Native, b: Native): number {
  return a.first - b.first || (a.key < b.key ? -1 : 1);
}

function holderAt(holders: Native[], time: Millis): Native {
  let found = holders[0]!;
  for (const holder of holders) if (holder.first <= time) found = holder;
  return found;
}

/** Immutable ids first; a recreated name never answers to the old name. */
function matchKeys(native: Native): string[] {
  if (native.urn !== native.plain) return [native.key, native.uid, native.urn];
  const keys = [native.key];
  for (const key of [native.uid, native.urn]) if (!keys.includes(key)) keys.push(key);
  for (const key of native.aliases) if (!keys.includes(key)) keys.push(key);
  return keys;
}
