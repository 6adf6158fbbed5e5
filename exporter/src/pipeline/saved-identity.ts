import type { Millis } from '@remit/contract';
import { loadActivity, saveActivity, type SavedActivity } from './activity.ts';
import type { Identity } from './identities.ts';
import type { Native } from './natives.ts';

/** Of most identities. Never written to. */
export const NO_CARRIERS: string[] = [];

/** A native as a cut holds it; `first` is null where it is the identity's, and `rest` has what is not as for most. */
export type SavedNative = [key: string, immutable: boolean, first: Millis | null, aliases: string[], rest?: Partial<Pick<Native, 'uid' | 'plain' | 'named' | 'adopted' | 'urn'>>];

/** An identity as a cut holds it, with its natives; `rest` has what most lack: something failed, a score, and so on. */
export type SavedIdentity = [
  urn: string, kindRank: number, proofs: number, first: Millis | null, last: Millis | null, success: number, natives: SavedNative[], feeds: number[],
  closedUntil: Millis | null, succeededUntil: Millis | null, longestPause: Millis,
  rest?: Partial<Pick<Identity, 'failure' | 'denied' | 'sensitive' | 'carriers' | 'score' | 'partly' | 'refused'>> & { activity?: SavedActivity },
];

/** What a restart needs of an identity, as JSON. */
export function saveIdentity(identity: Identity): SavedIdentity {
  const { urn, kindRank, proofs, first, last, success, natives, feeds, closedUntil, succeededUntil, longestPause, activity } = identity;
  const saved: SavedIdentity = [urn, kindRank, proofs, first, last, success, natives.map((native) => saveNative(native, urn, first)), feeds, closedUntil, succeededUntil, longestPause];
  const rest: SavedIdentity[11] = {};
  if (identity.failure !== 0) rest.failure = identity.failure;
  if (identity.denied !== 0) rest.denied = identity.denied;
  if (identity.sensitive) rest.sensitive = true;
  if (identity.carriers.length > 0) rest.carriers = identity.carriers;
  if (identity.score !== null) rest.score = identity.score;
  if (identity.partly !== 0) rest.partly = identity.partly;
  if (identity.refused !== 0) rest.refused = identity.refused;
  if (activity !== null) rest.activity = saveActivity(activity);
  for (const _ in rest) { saved.push(rest); break; }
  return saved;
}

/** The identity of this number as it was saved; `native` makes its natives. Its open hours come by themselves. */
export function loadIdentity(index: number, saved: SavedIdentity, native: (saved: SavedNative, urn: string, first: Millis) => Native): Identity {
  const [urn, kindRank, proofs, began, last, success, natives, feeds, closedUntil, succeededUntil, longestPause, rest] = saved;
  const first = began ?? Infinity;
  return {
    index, urn, kindRank, lastKind: '', proofs, first, last: last ?? -Infinity, success,
    failure: rest?.failure ?? 0, denied: rest?.denied ?? 0, sensitive: rest?.sensitive ?? false, natives: natives.map((each) => native(each, urn, first)), carriers: rest?.carriers ?? NO_CARRIERS, feeds,
    open: [], closedUntil: closedUntil ?? -Infinity, score: rest?.score ?? null, deviates: null, succeededUntil, longestPause, refused: rest?.refused ?? 0,
    partly: rest?.partly ?? 0, activity: rest?.activity === undefined ? null : loadActivity(rest.activity), remit: null, proposal: null,
  };
}

/** What a restart needs of a native whose holder has this URN and was first seen then. */
export function saveNative({ key, immutable, first, aliases, uid, plain, named, adopted, urn }: Native, holder: string, seen: Millis): SavedNative {
  const rest: NonNullable<SavedNative[4]> = {};
  if (urn !== holder) rest.urn = urn;
  if (uid !== key) rest.uid = uid;
  if (plain !== urn) rest.plain = plain;
  if (!named) rest.named = false;
  if (adopted !== undefined) rest.adopted = adopted;
  const saved: SavedNative = [key, immutable, first === seen ? null : first, aliases];
  for (const _ in rest) { saved.push(rest); break; }
  return saved;
}

export function loadNative([key, immutable, first, aliases, rest]: SavedNative, holder: string, seen: Millis): Omit<Native, 'matchKeys' | 'holders'> {
  const urn = rest?.urn ?? holder;
  const native: Omit<Native, 'matchKeys' | 'holders'> = { key, immutable, uid: rest?.uid ?? key, plain: rest?.plain ?? urn, named: rest?.named ?? true, first: first ?? seen, aliases, urn };
  if (rest?.adopted !== undefined) native.adopted = rest.adopted;
  return native;
}
