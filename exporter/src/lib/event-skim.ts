import { FLAGS, type EventKey, type Millis, type NhiEvent } from '@remit/contract';
import { checkFormat, Reader } from './event-bytes.ts';
import { readEvent } from './event-codec.ts';
import { fingerprint } from './hash.ts';

const CONTEXT = 1 << FLAGS.indexOf('context');
const ANNOUNCED = 1 << FLAGS.indexOf('start_record');

/**
 * Goes over encoded events one by one and keeps only what events are searched by: texts are made when they are asked for, and an event
 * as a whole when it is wanted. Ten times as fast as decoding. The fields come in the order of `event-codec.ts`; throws when the
 * bytes are of another version or damaged.
 */
export class EventSkim {
  readonly count: number;
  time: Millis = 0;
  denied = false;
  failed = false;
  #flags = 0;
  readonly #r: Reader;
  #start = 0;
  /** Numbers of texts; 0 for none. */
  #principal = 0; #resolution = 0; #source = 0; #realm = 0; #original = 0; #operation = 0; #category = 0; #credential = 0;
  #tool = 0; #server = 0; #resource = 0; #resourceType = 0; #session = 0; #trace = 0; #sequence = 0;
  #account = 0; #region = 0; #cluster = 0; #ip = 0; #srcKind = 0; #agent = 0; #credentialType = 0; #span = 0; #status = 0;
  #used: number[] = [];
  #delegation: number[] = [];

  constructor(bytes: Uint8Array) {
    checkFormat(bytes);
    this.#r = new Reader(bytes);
    this.count = this.#r.count;
  }

  /** It only says who acted for other records. */
  get context(): boolean { return (this.#flags & CONTEXT) !== 0; }
  /** It announces a call whose end is told by another record of the same id. */
  get announced(): boolean { return (this.#flags & ANNOUNCED) !== 0; }
  /** Its trace says who acted, not the record. */
  get carried(): boolean { return this.#r.textAt(this.#resolution) === 'trace'; }
  get principal(): string { return this.#r.textAt(this.#principal) ?? ''; }

  /** What repeats of a record share. */
  get identity(): string {
    const r = this.#r;
    return `${r.textAt(this.#source)}\0${r.textAt(this.#realm) ?? ''}\0${r.textAt(this.#original)}`;
  }

  /** The public id of the event. */
  get id(): string {
    const r = this.#r;
    return fingerprint(r.textAt(this.#source) ?? '', r.textAt(this.#realm) ?? '', r.textAt(this.#original) ?? '');
  }

  /** What the event has under a key; null when it has nothing. */
  value(key: EventKey): string | readonly string[] | null {
    switch (key) {
      case 'id': return this.id;
      case 'outcome': return this.denied ? 'denied' : this.failed ? 'failure' : 'success';
      case 'permission': return this.#used.map((number) => this.#r.textAt(number)!);
      case 'network': {
        const ip = this.#text(this.#ip);
        const kind = ip ?? this.#text(this.#srcKind);
        return kind === 'unknown' ? null : kind;
      }
      case 'resource': return this.#text(this.#resource || this.#tool);
      case 'trace': return this.#text(this.#trace || this.#sequence);
      case 'delegation': return this.#delegation.map((number) => this.#r.textAt(number)!).join(', ');
      case 'flags': return FLAGS.filter((_, bit) => (this.#flags & (1 << bit)) !== 0).join(', ');
      default: return this.#text(this.#numberOf(key));
    }
  }

  /** The event last passed, in full. */
  event(): NhiEvent {
    return this.eventAt(this.#start);
  }

  /** Where the event last passed begins, for `eventAt`. */
  get place(): number { return this.#start; }

  /** The event that begins there, in full; with its public id when that is given. */
  eventAt(place: number, id?: string): NhiEvent {
    const { at } = this.#r;
    this.#r.at = place;
    const event = readEvent(this.#r);
    this.#r.at = at;
    if (id !== undefined) event.metadata.uid = id;
    return event;
  }

  #text(number: number): string | null { return this.#r.textAt(number) ?? null; }

  #numberOf(key: Exclude<EventKey, 'id' | 'outcome' | 'permission' | 'network' | 'resource' | 'trace' | 'delegation' | 'flags'>): number {
    switch (key) {
      case 'source': return this.#source;
      case 'operation': return this.#operation;
      case 'category': return this.#category;
      case 'resource_type': return this.#resourceType;
      case 'credential': return this.#credential;
      case 'credential_type': return this.#credentialType;
      case 'span': return this.#span;
      case 'status_code': return this.#status;
      case 'tool': return this.#tool;
      case 'server': return this.#server;
      case 'session': return this.#session;
      case 'account': return this.#account;
      case 'region': return this.#region;
      case 'cluster': return this.#cluster;
      case 'user_agent': return this.#agent;
    }
  }

  /** Passes the next event. */
  next(): void {
    const r = this.#r;
    this.#start = r.at;
    skip(r, 1);
    this.#original = r.unsigned(); this.#source = r.unsigned(); this.#realm = r.unsigned();
    skip(r, 4);
    this.#principal = r.unsigned();
    this.time = r.number()!;
    skip(r, 6);
    this.#resolution = r.unsigned();
    this.#actor();
    this.#credential = this.#credentialType = 0;
    if (r.has()) { this.#credential = r.unsigned(); this.#credentialType = r.unsigned(); skip(r, 1); }
    if (r.has()) skip(r, 4);
    if (r.has()) skip(r, 3);
    skip(r, 2);
    this.#operation = r.unsigned(); this.#category = r.unsigned();
    this.#tool = this.#server = 0;
    const tool = r.unsigned();
    if (tool > 0) { this.#tool = r.unsigned(); skip(r, 1); this.#server = r.unsigned(); skip(r, 1); }
    if (tool > 1) skipList(r, 2);
    this.#target();
    this.#account = this.#region = 0;
    if (r.has()) { skip(r, 1); this.#account = r.unsigned(); this.#region = r.unsigned(); }
    this.#cluster = r.unsigned();
    this.failed = r.unsigned() === 2;
    this.denied = r.flag() === true;
    this.#status = r.unsigned();
    skip(r, 1);
    this.#ip = 0;
    if (r.has()) { this.#ip = r.unsigned(); skip(r, 4); }
    this.#srcKind = r.unsigned(); this.#agent = r.unsigned();
    if (r.has()) skip(r, 5);
    this.#joined();
    this.#flags = r.unsigned();
  }

  #actor(): void {
    const r = this.#r;
    if (r.has()) skip(r, 6);
    skip(r, 2);
    this.#session = 0;
    if (r.has()) { this.#session = r.unsigned(); skip(r, 3); }
    this.#delegation = this.#list();
    skip(r, 1);
    if (r.has()) skip(r, 4);
  }

  /** The first resource: its id, else its name, else its type. */
  #target(): void {
    const r = this.#r;
    this.#resource = this.#resourceType = 0;
    const length = r.unsigned();
    if (length > 1) {
      const uid = r.unsigned();
      const name = r.unsigned();
      this.#resourceType = r.unsigned();
      this.#resource = uid || name || this.#resourceType;
      skip(r, 3);
    }
    for (let i = 2; i < length; i++) skip(r, 6);
  }

  #joined(): void {
    const r = this.#r;
    this.#trace = this.#span = 0;
    if (r.has()) {
      this.#trace = r.unsigned();
      if (r.has()) { this.#span = r.unsigned(); skip(r, 2); }
      skip(r, 1);
    }
    this.#sequence = r.unsigned();
    this.#used = NONE;
    if (!r.has()) return;
    this.#used = this.#list();
    skipList(r, 1);
    skip(r, 1);
  }

  #list(): number[] {
    const r = this.#r;
    const length = r.unsigned();
    return length > 1 ? Array.from({ length: length - 1 }, () => r.unsigned()) : NONE;
  }
}

const NONE: number[] = [];

function skip(r: Reader, fields: number): void {
  for (let i = 0; i < fields; i++) r.unsigned();
}

function skipList(r: Reader, each: number): void {
  const length = r.unsigned();
  if (length > 1) skip(r, (length - 1) * each);
}
