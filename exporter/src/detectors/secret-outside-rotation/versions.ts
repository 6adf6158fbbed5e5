import type { ChainMember, ChainStep, CredentialType, EventRef, Millis, NhiEvent, Signal, View } from '@remit/contract';
import { bounded, DAY, instant, moment, outcome, span } from '../phrases.ts';
import { lasting } from './lasting.ts';
import { holds } from './making.ts';

/** Key of the chain that holds the life of an identity's credentials. */
export const VERSIONS = 'versions';

interface Seen { at: Millis; ref: EventRef }
/** What a credential went through in one step: issued, ended, or used during a UTC day, of which the first and last instant count. */
export interface Version { uid: string; type: CredentialType; issued: Seen | null; ended: Millis | null; born: Millis | null; uses: { first: Seen; last: Seen } | null }

/** Folds the uses of one credential and day; the order in which they come makes no difference. */
export function mergeVersions(into: Version, from: Version): Version {
  if (into.uses === null || from.uses === null) return into;
  return {
    ...into, born: earliest(into.born, from.born),
    uses: { first: earlier(into.uses.first, from.uses.first), last: later(into.uses.last, from.uses.last) },
  };
}

/** Steps of an event in the life of lasting credentials whose rotation has an overlap. */
export function versionMembers(event: NhiEvent, view: View, role: 'actor' | 'subject'): ChainMember<Version>[] {
  const { remit } = view;
  if (remit === null || outcome(event) !== 'success') return [];
  const { credential, issued, retired, time } = event;
  const none = { issued: null, ended: null, born: null, uses: null };
  const members: ChainMember<Version>[] = [];
  if (role === 'actor') {
    if (credential?.uid === undefined || !lasting(credential.type) || overlapOf(view, credential.uid) === null) return [];
    const seen = { at: time, ref: view.ref(event) };
    const fact = { ...none, uid: bounded(credential.uid, 200), type: credential.type, born: credential.issued_time ?? null, uses: { first: seen, last: seen } };
    members.push({ key: VERSIONS, slot: time - (time % DAY), id: `used ${fact.uid}`, fact });
    return members;
  }
  if (issued !== undefined && lasting(issued.type) && overlapOf(view, issued.uid) !== null && holds(issued, event, remit, view)) {
    const fact = { ...none, uid: bounded(issued.uid, 200), type: issued.type, issued: { at: time, ref: view.ref(event) } };
    members.push({ key: VERSIONS, slot: time, id: `issued ${fact.uid}`, fact });
  }
  if (retired !== undefined && overlapOf(view, retired.uid) !== null && holds(retired, event, remit, view)) {
    const fact = { ...none, uid: bounded(retired.uid, 200), type: 'none' as const, ended: time };
    members.push({ key: VERSIONS, slot: time, id: `ended ${fact.uid}`, fact });
  }
  return members;
}

/** A ticket for each credential that was used, or not ended, after its overlap with the first newer one of its type that was kept. */
export function versionSignals(steps: readonly ChainStep<Version>[], view: View): Signal[] {
  const lives = livesOf(steps, view);
  const signals: Signal[] = [];
  const now = Math.max(...steps.map(({ last }) => last));
  for (const old of lives.values()) {
    const overlap = overlapOf(view, old.uid);
    if (overlap === null) continue;
    let next: Life | null = null;
    for (const one of lives.values()) if (succeeds(one, old, overlap) && (next === null || one.issued!.at < next.issued!.at)) next = one;
    if (next === null) continue;
    const deadline = next.issued!.at + overlap;
    const late = old.uses.filter(({ fact }) => fact.uses!.last.at > deadline);
    if (late.length > 0) signals.push(signalOf(old, next.issued!, overlap, late));
    else if (old.ended === null && now > deadline) signals.push(unretired(old, next.issued!, overlap, now));
  }
  return signals;
}

interface Life { uid: string; type: CredentialType; born: Millis; issued: Seen | null; ended: Millis | null; uses: ChainStep<Version>[] }

function livesOf(steps: readonly ChainStep<Version>[], view: View): Map<string, Life> {
  const lives = new Map<string, Life>();
  for (const step of steps) {
    const { uid, type, issued, ended, born, uses } = step.fact;
    let life = lives.get(uid);
    if (!life) lives.set(uid, life = { uid, type, born: createdOf(view, uid), issued: null, ended: null, uses: [] });
    if (life.type === 'none') life.type = type;
    life.born = Math.min(life.born, issued?.at ?? Infinity, born ?? Infinity, uses?.first.at ?? Infinity);
    if (issued !== null && (life.issued === null || issued.at < life.issued.at)) life.issued = issued;
    // Steps are in order of time: what was ended and made good again has not ended.
    if (issued !== null) life.ended = null;
    if (ended !== null) life.ended ??= ended;
    if (uses !== null) life.uses.push(step);
  }
  for (const { uid, type, created, decommissioned_at: date } of view.remit?.record.credentials ?? []) {
    const life = lives.get(uid);
    if (life) life.ended = earliest(life.ended, date === undefined ? null : Date.parse(date));
    // One that is listed exists, although nothing was seen of it.
    else if (type !== undefined && lasting(type) && created !== undefined && date === undefined) {
      lives.set(uid, { uid, type, born: Date.parse(created), issued: null, ended: null, uses: [] });
    }
  }
  return lives;
}

/** A newer credential that was taken back within the overlap replaced nothing. */
function succeeds(one: Life, old: Life, overlap: Millis): boolean {
  return one.uid !== old.uid && one.type === old.type && one.issued !== null && one.issued.at > old.born
    && !(one.ended !== null && one.ended <= one.issued.at + overlap);
}

function signalOf(old: Life, issued: Seen, overlap: Millis, late: readonly ChainStep<Version>[]): Signal {
  const last = late.at(-1)!.fact.uses!.last;
  const first = late.find(({ fact }) => fact.uses !== null)!.fact.uses!;
  const deadline = issued.at + overlap;
  const seen = first.first.at > deadline ? first.first : first.last;
  const ended = old.ended === null ? 'never retired' : `retired at ${moment(old.ended)}`;
  return {
    subject: `credential:${bounded(old.uid, 200)}`, bucket: instant(issued.at),
    reason: {
      expected: `no use of the old credential after ${moment(deadline)}, ${span(overlap)} after its successor was made`,
      observed: `used ${span(last.at - deadline)} longer than that, ${ended}`,
    },
    evidence: [...new Map([issued, seen, last].map(({ ref }) => [ref.uid, ref])).values()], at: last.at, first: seen.at,
    count: late.reduce((sum, step) => sum + step.count, 0), severity: 'warning',
  };
}

/** Nobody uses it, and nobody ended it: said anew once a day, while its holder is active. */
function unretired(old: Life, issued: Seen, overlap: Millis, now: Millis): Signal {
  const deadline = issued.at + overlap;
  const used = old.uses.reduce<Millis | null>((latest, { fact }) => Math.max(latest ?? -Infinity, fact.uses!.last.at), null);
  return {
    subject: `credential:${bounded(old.uid, 200)}`, bucket: instant(issued.at),
    reason: {
      expected: `the old credential retired by ${moment(deadline)}, ${span(overlap)} after its successor was made`,
      observed: `not retired ${span(DAY * Math.max(1, Math.floor((now - deadline) / DAY)))} after that, ${used === null ? 'and never seen in use' : `last used at ${moment(used)}`}`,
    },
    evidence: [issued.ref], at: deadline + DAY * Math.floor((now - deadline) / DAY), first: issued.at, count: 1, severity: 'warning',
  };
}

function overlapOf({ remit }: View, uid: string): Millis | null { return remit?.rotation(uid)?.overlap ?? null; }

function createdOf({ remit }: View, uid: string): Millis {
  const created = remit?.record.credentials?.find((one) => one.uid === uid)?.created;
  return created === undefined ? Infinity : Date.parse(created);
}

function earliest(a: Millis | null, b: Millis | null): Millis | null { return a === null || b === null ? a ?? b : Math.min(a, b); }

function earlier(a: Seen, b: Seen): Seen { return b.at < a.at || (b.at === a.at && b.ref.uid < a.ref.uid) ? b : a; }

function later(a: Seen, b: Seen): Seen { return b.at > a.at || (b.at === a.at && b.ref.uid < a.ref.uid) ? b : a; }
