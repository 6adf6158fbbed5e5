import type { Bands, Channel } from './score.ts';
import type { Finding } from './finding.ts';
import type { NhiEvent } from './event.ts';
import type { Exception, Owner } from './inventory.ts';
import type { Remit } from './remit.ts';
import type { FilterOp } from './wire.ts';
import type { IdentityClass, Kind, Millis } from './words.ts';

/** The read side for queries: bounded looks at the state and the archive. */

/** What events are searched and grouped by. Texts as evidence shows them; `permission` may have several; `delegation` and `flags` are one text, joined by commas. */
export const EVENT_KEYS = [
  'id', 'source', 'operation', 'category', 'outcome', 'resource', 'resource_type', 'credential', 'network', 'tool', 'server', 'session', 'trace',
  'account', 'region', 'cluster', 'permission', 'user_agent', 'credential_type', 'span', 'status_code', 'delegation', 'flags',
] as const;
export type EventKey = (typeof EVENT_KEYS)[number];

/** A condition on an event. Regular expressions match the whole value. */
export interface EventCondition { key: EventKey; op: FilterOp; values: string[] }

/**
 * Which events. `to` is exclusive; `identities` null: everybody's. `budget`: how long it may take; what is found by then is given. `context`:
 * records that only say who acted, too.
 */
export interface EventSearch {
  from: Millis; to: Millis; identities: readonly string[] | null; conditions: readonly EventCondition[]; budget: Millis; signal: AbortSignal; context?: boolean;
}
export interface EventPageSearch extends EventSearch {
  order: 'newest' | 'oldest'; limit: number;
  /** Events behind this one in the order. */
  after: { time: Millis; id: string } | null;
}
/** `more`: there are, or may be, further ones behind `last`. `partial`: the time was up before everything was looked at. */
export interface EventPage { events: NhiEvent[]; more: boolean; last: { time: Millis; id: string } | null; partial: boolean }

/** By what events are counted: an event's key, whose it was, or the start of its bucket of `step`. */
export type GroupKey = EventKey | 'identity' | 'time';
export interface EventGroupSearch extends EventSearch {
  by: readonly GroupKey[]; step: Millis;
  /** Most groups, and most events that are counted, the newest first. */
  most: number; look: number;
}
/** Events that agree in all keys of the grouping. `values` in their order; a missing one is empty. */
export interface EventGroup { values: string[]; success: number; failure: number; denied: number; first: Millis; last: Millis }
/** `partial`: not all events of the range were counted; those since `since` were. */
export interface EventGroups { groups: EventGroup[]; looked: number; partial: boolean; since: Millis }

/** One identity as queries see it. Never-seen ones of the inventory have no times. */
export interface KnownIdentity {
  urn: string; kind: Kind; class: IdentityClass; first: Millis | null; last: Millis | null; success: number; failure: number; denied: number;
  score: number | null; ready: boolean;
  /** The record in force, proposed ones too. */
  remit: Remit | null;
  /** Grants of the reviewed record, and how many of them were exercised in the last 90 days; null without grants. */
  privileges(): { granted: number; exercised: number } | null;
  /** Sources that told of it; every name it goes by. */
  sources(): readonly string[]; aliases(): string[];
}

/** One identity-hour of the record, or one that is still open. */
export interface HourPoint {
  start: Millis; events: number; denied: number; score: number | null; open: boolean;
  /** The band in which the baseline expected it; null while warming. */
  bands: Bands | null;
  /** Digits of each channel that deviates. */
  channels: readonly (readonly [Channel, number])[];
}
/** Hours of one identity in order of time. Hours without events are left out. */
export interface HourSeries { urn: string; hours: HourPoint[] }

export interface Explorer {
  /** Everything kept, in no order; not to be changed. */
  findings(): Iterable<Finding>;
  findingCount(): number;
  finding(id: string): Finding | null;
  findingsOf(urn: string): Iterable<Finding>;
  openFindings(urn: string): Iterable<Finding>;
  /** Everyone seen, then records that were never seen. */
  identities(): Iterable<KnownIdentity>;
  identity(urn: string): KnownIdentity | null;
  owners(): readonly Owner[];
  /** Of the inventory in force; `identity` is the URN of the record that holds it, or the exception's own pattern. */
  exceptions(): readonly { exception: Exception; identity: string | null }[];
  /** Score at which a calibrated finding opens. */
  threshold(): number;
  events(search: EventPageSearch): Promise<EventPage>;
  groups(search: EventGroupSearch): Promise<EventGroups>;
  /** Batches of the archive by the bucket of their last event: events in all, repeats included. */
  arrivals(from: Millis, to: Millis, step: Millis): Promise<{ start: Millis; events: number }[]>;
  hours(urns: readonly string[], from: Millis, to: Millis): Promise<HourSeries[]>;
  /** Hours that began before this are not kept: what happened in them is not known. */
  hoursSince(): Millis;
}
