import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { zstdDecompressSync } from 'node:zlib';
import type { EventCondition, EventGroup, EventKey, GroupKey, Millis, NhiEvent } from '@remit/contract';
import { EventSkim } from '../lib/event-skim.ts';
import { KeyedHash } from '../lib/hash.ts';
import { compileCondition, type Match } from '../lib/match-filter.ts';
import type { RowIndex } from './row-index.ts';

/** What is looked for. `keys` null: everybody's; `hashes` are theirs as rows name them. `to` is exclusive. */
export interface SearchSpec {
  from: Millis; to: Millis; order: 'newest' | 'oldest'; keys: readonly string[] | null; hashes: Uint32Array | null;
  conditions: readonly EventCondition[]; after: { time: Millis; id: string } | null;
  /** Most events that are given; with `group`, most that are counted. */
  most: number;
  group: { by: readonly GroupKey[]; step: Millis; most: number } | null;
  context: boolean;
  /** Credentials that are told apart from their principal where groups are by identity. */
  apart: readonly string[];
  /** Milliseconds after which it ends with what it has. */
  budget: number;
}
/**
 * What a turn found. `bound`: everything newer (or older, by the order) has been looked at. `full`: a limit ended it; `late`: the time was
 * up; `done`: there is no more. With one of the three it was the last, and brings the groups.
 */
export interface SearchTurn { events: NhiEvent[]; groups: EventGroup[]; looked: number; done: boolean; full: boolean; late: boolean; bound: Millis | null }

interface Found { time: Millis; id: string; announced: boolean; skim: EventSkim; place: number }

/** Keys beyond which rows are looked at in order of time rather than by key. */
const MOST_KEYS = 5000;
const PAGE = 256;

/**
 * A search through the journal in order of time, a few milliseconds a turn: rows whose time or keys cannot match are not read, events that do
 * not match are not decoded, and repeats of a record count once. Ends early when it has what was asked for.
 */
export class Search {
  readonly #db: DatabaseSync;
  readonly #spec: SearchSpec;
  readonly #body: StatementSync;
  readonly #rows: Iterator<{ position: number; bound: number }>;
  readonly #wanted: ReadonlySet<string> | null;
  readonly #conditions: { key: EventKey; match: Match }[];
  readonly #newest: boolean;
  readonly #until: number;
  readonly #apart: ReadonlySet<string>;
  #ahead: { position: number; bound: number } | null = null;
  /** Events that something not read yet may come before. */
  #waiting = new Map<string, Found>();
  readonly #given = new Set<string>();
  readonly #counted = new Set<number>();
  readonly #hash = new KeyedHash(new Uint8Array(8));
  readonly #groups = new Map<string, EventGroup>();
  #matched = 0;
  #overfull = false;
  #dropped = false;

  constructor(db: DatabaseSync, index: RowIndex, spec: SearchSpec) {
    this.#db = db;
    this.#spec = spec;
    this.#until = performance.now() + spec.budget;
    this.#newest = spec.order === 'newest';
    this.#body = db.prepare('SELECT body FROM entry WHERE position = ?');
    this.#apart = new Set(spec.apart);
    this.#wanted = spec.keys && new Set(spec.keys);
    this.#conditions = spec.conditions.map((condition) => ({ key: condition.key, match: compileCondition(condition) }));
    const { from, to } = this.#range();
    const byKey = spec.hashes !== null && spec.hashes.length <= MOST_KEYS && index.sync() === true && !index.isCommon(spec.hashes);
    this.#rows = byKey ? index.rows(spec.hashes!, from, to, spec.order) : this.#newest ? this.#backwards(from, to) : this.#forwards(from, to);
  }

  /** Goes on for about so many milliseconds. */
  turn(millis: number): SearchTurn {
    const until = performance.now() + millis;
    const turn: SearchTurn = { events: [], groups: [], looked: 0, done: false, full: false, late: false, bound: null };
    do {
      const next = this.#ahead ?? this.#rows.next().value as { position: number; bound: number } | undefined;
      if (!next) {
        this.#give(turn, null);
        turn.done = true;
        turn.full ||= this.#dropped;
        break;
      }
      this.#ahead = next;
      this.#give(turn, next.bound);
      turn.bound = next.bound;
      if (this.#isFull(turn)) break;
      this.#ahead = null;
      this.#read(next.position, turn);
    } while (performance.now() < until);
    turn.late = !turn.done && !turn.full && performance.now() >= this.#until;
    if (this.#spec.group && (turn.done || turn.full || turn.late)) turn.groups = [...this.#groups.values()];
    return turn;
  }

  #isFull(turn: SearchTurn): boolean {
    const enough = this.#spec.group ? this.#overfull || this.#matched >= this.#spec.most : this.#given.size >= this.#spec.most;
    if (enough) turn.full = true;
    return enough;
  }

  /** Events that are next in order whatever is still unread: everything unread lies at the bound or behind it. */
  #give(turn: SearchTurn, bound: Millis | null): void {
    if (this.#waiting.size === 0) return;
    const sign = this.#newest ? -1 : 1;
    const ready: Found[] = [];
    for (const found of this.#waiting.values()) if (bound === null || sign * (found.time - bound) < 0) ready.push(found);
    ready.sort((a, b) => sign * (a.time - b.time) || (a.id < b.id ? -1 : 1));
    for (const found of ready) {
      if (this.#given.size >= this.#spec.most) {
        turn.full = true;
        return;
      }
      this.#waiting.delete(found.id);
      this.#given.add(found.id);
      turn.events.push(found.skim.eventAt(found.place, found.id));
    }
  }

  #read(position: number, turn: SearchTurn): void {
    const row = this.#body.get(position) as { body: Uint8Array } | undefined;
    // Pruned since the row was found.
    if (!row) return;
    const skim = new EventSkim(zstdDecompressSync(row.body));
    const { from, to } = this.#spec;
    for (let i = 0; i < skim.count; i++) {
      skim.next();
      if (skim.time < from || skim.time >= to || (skim.context && !this.#spec.context)) continue;
      if (this.#wanted && !this.#wanted.has(skim.principal)) continue;
      turn.looked++;
      if (!this.#conditions.every(({ key, match }) => match(skim.value(key)))) continue;
      if (this.#spec.group) this.#count(skim);
      else this.#keep(skim);
    }
    this.#thin();
  }

  #keep(skim: EventSkim): void {
    const { time, id } = skim;
    if (!this.#isBehind(time, id) || this.#given.has(id)) return;
    const known = this.#waiting.get(id);
    // Of the two records of a call the one that tells its end is shown.
    if (known && !known.announced) return;
    this.#waiting.set(id, { time, id, announced: skim.announced, skim, place: skim.place });
  }

  /** Of rows that span a long time much waits; what comes behind all that is asked for can go. */
  #thin(): void {
    const most = this.#spec.most - this.#given.size;
    if (this.#waiting.size <= 2 * most + 1024) return;
    const sign = this.#newest ? -1 : 1;
    const sorted = [...this.#waiting.values()].sort((a, b) => sign * (a.time - b.time) || (a.id < b.id ? -1 : 1));
    this.#waiting = new Map(sorted.slice(0, most).map((found) => [found.id, found]));
    this.#dropped = true;
  }

  #isBehind(time: Millis, id: string): boolean {
    const { after } = this.#spec;
    if (!after) return true;
    return time === after.time ? id > after.id : this.#newest ? time < after.time : time > after.time;
  }

  #count(skim: EventSkim): void {
    const identity = skim.identity;
    this.#hash.update(identity);
    const hash = this.#hash.high * 2 ** 21 + (this.#hash.low >>> 11);
    if (this.#counted.has(hash)) return;
    this.#counted.add(hash);
    this.#matched++;
    const { by, step, most } = this.#spec.group!;
    let keys: string[][] = [[]];
    for (const key of by) {
      const value = key === 'time' ? String(Math.floor(skim.time / step) * step) : key === 'identity' ? this.#actor(skim) : skim.value(key);
      if (value === null || typeof value === 'string') for (const each of keys) each.push(value ?? '');
      else keys = value.length === 0 ? keys.map((each) => [...each, '']) : value.flatMap((v) => keys.map((each) => [...each, v]));
    }
    for (const values of keys) this.#add(values, skim, most);
  }

  /** Who acted, as far as the archive knows: `n` and the principal, `c` where traces say more, `k`, the credential, a line end and the principal. */
  #actor(skim: EventSkim): string {
    if (skim.carried) return `c${skim.principal}`;
    const credential = this.#apart.size === 0 ? null : skim.value('credential') as string | null;
    return credential !== null && this.#apart.has(credential) ? `k${credential}\n${skim.principal}` : `n${skim.principal}`;
  }

  #add(values: string[], skim: EventSkim, most: number): void {
    const name = values.join('\0');
    let group = this.#groups.get(name);
    if (!group) {
      if (this.#groups.size >= most) {
        this.#overfull = true;
        return;
      }
      this.#groups.set(name, group = { values, success: 0, failure: 0, denied: 0, first: skim.time, last: skim.time });
    }
    group[skim.denied ? 'denied' : skim.failed ? 'failure' : 'success']++;
    if (skim.time < group.first) group.first = skim.time;
    if (skim.time > group.last) group.last = skim.time;
  }

  /** What lies before the place to go on from need not be read. */
  #range(): { from: Millis; to: Millis } {
    const { from, to, after } = this.#spec;
    if (!after) return { from, to };
    return this.#newest ? { from, to: Math.min(to, after.time + 1) } : { from: Math.max(from, after.time), to };
  }

  /** By the index on the rows' times, the latest end first. */
  * #backwards(from: Millis, to: Millis): Generator<{ position: number; bound: number }> {
    const select = this.#db.prepare(`SELECT position, from_time, to_time FROM entry
      WHERE count > 0 AND to_time >= ? AND from_time < ? AND (to_time, from_time, position) < (?, ?, ?)
      ORDER BY to_time DESC, from_time DESC, position DESC LIMIT ?`);
    for (let last = [MAX, MAX, MAX]; ;) {
      const rows = select.all(from, to, last[0]!, last[1]!, last[2]!, PAGE) as { position: number; from_time: number; to_time: number }[];
      for (const { position, to_time: bound } of rows) yield { position, bound };
      const end = rows.at(-1);
      if (!end || rows.length < PAGE) return;
      last = [end.to_time, end.from_time, end.position];
    }
  }

  /** The index has no order by the rows' beginnings, so all of them are sorted; bodies are not read for that. */
  #forwards(from: Millis, to: Millis): Iterator<{ position: number; bound: number }> {
    const rows = this.#db.prepare('SELECT position, from_time AS bound FROM entry WHERE count > 0 AND to_time >= ? AND from_time < ? ORDER BY from_time, position')
      .all(from, to) as { position: number; bound: number }[];
    return rows[Symbol.iterator]();
  }
}

const MAX = Number.MAX_SAFE_INTEGER;
