import type { DataClass, DetectorId, Exception, Inventory, Millis, NhiEvent, Owner, Remit, Signal, ToolCall, ToolFacts } from '@remit/contract';
import { CRITICALITIES } from '@remit/contract';
import { GlobSet } from '../lib/glob.ts';
import type { Classifier } from './data-classes.ts';
import { compileException } from './exceptions.ts';
import type { CompiledException, ListedException } from './exceptions.ts';
import type { MemoPool } from './memo.ts';

interface Claim { remit: Remit; from: Millis; to: Millis }

/**
 * The inventory of one moment, compiled from records that have passed the checks. A name is looked up as a URN or as the
 * value of an alias valid at the time. Where several records claim it, a reviewed one beats a proposed one; among equals
 * the first URN is taken and the answer says `ambiguous`.
 */
export class CompiledInventory implements Inventory {
  readonly revision: string;
  readonly #records: readonly Remit[];
  readonly #owners: readonly Owner[];
  readonly #claims = new Map<string, Claim[]>();
  readonly #classOf: Classifier;
  readonly #toolOf: (call: ToolCall) => ToolFacts;
  /** Names with more than one claim, in order; found when they are first asked for. */
  #contested: [name: string, claims: readonly Claim[]][] | null = null;
  readonly #answers = new WeakMap<readonly string[], { remit: Remit; ambiguous: boolean } | null>();
  readonly #listed: readonly ListedException[];
  readonly #ofRecord = new Map<string, CompiledException[]>();
  readonly #ofFleet: { identity: GlobSet; compiled: CompiledException }[] = [];

  constructor(parts: {
    revision: string; records: readonly Remit[]; owners: readonly Owner[]; exceptions: readonly ListedException[]; memos: MemoPool;
    classOf: Classifier; toolOf: (call: ToolCall) => ToolFacts;
  }) {
    this.revision = parts.revision;
    this.#owners = parts.owners;
    this.#classOf = parts.classOf;
    this.#toolOf = parts.toolOf;
    this.#records = [...parts.records].sort(inOrderOfSeries);
    for (const remit of [...parts.records].sort(inOrderOfClaim)) this.#claim(remit);
    this.#listed = parts.exceptions;
    for (const { exception, identity } of parts.exceptions) {
      const compiled = compileException(exception, parts.memos);
      if (exception.identity !== undefined) this.#ofFleet.push({ identity: new GlobSet([exception.identity]), compiled });
      else if (identity !== null) push(this.#ofRecord, identity, compiled);
    }
  }

  records(): readonly Remit[] {
    return this.#records;
  }

  owners(): readonly Owner[] {
    return this.#owners;
  }

  exceptions(): readonly ListedException[] {
    return this.#listed;
  }

  ofCredential(uid: string, at: Millis): { remit: Remit; ambiguous: boolean } | null {
    return this.#claims.has(uid) ? this.#search([uid], at) : null;
  }

  match(keys: readonly string[], at: Millis): { remit: Remit; ambiguous: boolean } | null {
    if (this.#claims.size === 0) return null;
    const known = this.#answers.get(keys);
    if (known !== undefined) return known;
    const hit = this.#search(keys, at);
    // Where no claim has an end, the answer holds at all times. Nobody changes a list of keys: a principal gets a new one.
    if (keys.every((key) => this.#claims.get(key)?.every(({ from, to }) => from === -Infinity && to === Infinity) ?? true)) this.#answers.set(keys, hit);
    return hit;
  }

  #search(keys: readonly string[], at: Millis): { remit: Remit; ambiguous: boolean } | null {
    for (const key of keys) {
      const claims = this.#claims.get(key);
      if (claims === undefined) continue;
      let found: Remit | null = null;
      for (const { remit, from, to } of claims) {
        if (at < from || at >= to || remit === found) continue;
        if (found !== null) return { remit: found, ambiguous: found.reviewed === remit.reviewed };
        found = remit;
      }
      if (found !== null) return { remit: found, ambiguous: false };
    }
    return null;
  }

  tool(call: ToolCall): ToolFacts {
    return this.#toolOf(call);
  }

  dataClass(uid: string): DataClass | null {
    return this.#classOf(uid);
  }

  ambiguities(at: Millis): { name: string; urns: readonly string[] }[] {
    this.#contested ??= [...this.#claims].filter(([, claims]) => claims.length > 1).sort(([a], [b]) => (a < b ? -1 : 1));
    return this.#contested.flatMap(([name, claims]) => {
      const valid = claims.filter(({ from, to }) => at >= from && at < to).map(({ remit }) => remit);
      // A proposal never contests a reviewed record; claims of reviewed records come first.
      const urns = new Set(valid.filter(({ reviewed }) => reviewed === valid[0]!.reviewed).map(({ record }) => record.urn));
      return urns.size > 1 ? [{ name, urns: [...urns] }] : [];
    });
  }

  exception(
    urn: string, remit: Remit | null, detector: DetectorId, event: NhiEvent | null, at: Millis, scope?: Signal['scope'],
  ): Exception | null {
    return this.#first(urn, remit, (compiled) => compiled.covers(detector, event, at, scope));
  }

  expired(
    urn: string, remit: Remit | null, detector: DetectorId, event: NhiEvent | null, at: Millis, scope?: Signal['scope'],
  ): Exception | null {
    return this.#first(urn, remit, (compiled) => compiled.covered(detector, event, at, scope));
  }

  #first(urn: string, remit: Remit | null, fits: (compiled: CompiledException) => boolean): Exception | null {
    if (remit !== null) {
      for (const own of this.#ofRecord.get(remit.record.urn) ?? []) if (fits(own)) return own.exception;
    }
    for (const { identity, compiled } of this.#ofFleet) {
      if ((identity.test(urn) || (remit !== null && identity.test(remit.record.urn))) && fits(compiled)) return compiled.exception;
    }
    return null;
  }

  #claim(remit: Remit): void {
    push(this.#claims, flat(remit.record.urn), { remit, from: -Infinity, to: Infinity });
    for (const { value, valid_from: from, valid_to: to } of remit.record.aliases ?? []) {
      push(this.#claims, flat(value), {
        remit, from: from === undefined ? -Infinity : Date.parse(from), to: to === undefined ? Infinity : Date.parse(to),
      });
    }
  }
}

/** The same text in memory of its own: a piece of a large file is compared with others twenty times slower. */
function flat(text: string): string {
  const copy = Buffer.from(text).toString();
  return copy === text ? copy : text;
}

function push<T>(lists: Map<string, T[]>, key: string, value: T): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

/** The most critical first, then by URN: the order in which identities get series. */
function inOrderOfSeries(a: Remit, b: Remit): number {
  const rank = CRITICALITIES.indexOf(b.record.criticality) - CRITICALITIES.indexOf(a.record.criticality);
  return rank !== 0 ? rank : byUrn(a, b);
}

function inOrderOfClaim(a: Remit, b: Remit): number {
  return a.reviewed === b.reviewed ? byUrn(a, b) : a.reviewed ? -1 : 1;
}

function byUrn(a: Remit, b: Remit): number {
  return a.record.urn < b.record.urn ? -1 : a.record.urn > b.record.urn ? 1 : 0;
}
