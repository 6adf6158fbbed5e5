import { loadActivity, saveActivity, type SavedActivity } from './activity.ts';
import type { Identity } from './identities.ts';

/** Of most identities. Never written to. */
export const NO_CARRIERS: string[] = [];

/** An identity as a cut holds it; what is absent is as for most: nothing failed, no score, and so on. */
export type SavedIdentity = Pick<Identity, 'urn' | 'kindRank' | 'proofs' | 'first' | 'last' | 'success' | 'natives' | 'feeds' | 'closedUntil' | 'succeededUntil' | 'longestPause'>
  & Partial<Pick<Identity, 'failure' | 'denied' | 'history' | 'sensitive' | 'carriers' | 'score' | 'partly' | 'refused'>> & { activity?: SavedActivity };

/** What a restart needs of an identity, as JSON. */
export function saveIdentity(identity: Identity): SavedIdentity {
  const { urn, kindRank, proofs, first, last, success, natives, feeds, closedUntil, succeededUntil, longestPause, activity } = identity;
  const saved: SavedIdentity = { urn, kindRank, proofs, first, last, success, natives, feeds, closedUntil, succeededUntil, longestPause };
  if (identity.failure !== 0) saved.failure = identity.failure;
  if (identity.denied !== 0) saved.denied = identity.denied;
  if (identity.history !== null) saved.history = identity.history;
  if (identity.sensitive) saved.sensitive = true;
  if (identity.carriers.length > 0) saved.carriers = identity.carriers;
  if (identity.score !== null) saved.score = identity.score;
  if (identity.partly !== 0) saved.partly = identity.partly;
  if (identity.refused !== 0) saved.refused = identity.refused;
  if (activity !== null) saved.activity = saveActivity(activity);
  return saved;
}

/** The identity of this number as it was saved; its open hours come by themselves. */
export function loadIdentity(index: number, saved: SavedIdentity): Identity {
  const { urn, kindRank, proofs, success, natives, feeds, succeededUntil, longestPause, activity } = saved;
  return {
    index, urn, kindRank, lastKind: '', proofs, first: saved.first ?? Infinity, last: saved.last ?? -Infinity, success,
    failure: saved.failure ?? 0, denied: saved.denied ?? 0, history: saved.history ?? null, sensitive: saved.sensitive ?? false, natives, carriers: saved.carriers ?? NO_CARRIERS, feeds,
    open: [], closedUntil: saved.closedUntil ?? -Infinity, score: saved.score ?? null, deviates: null, succeededUntil, longestPause, refused: saved.refused ?? 0,
    partly: saved.partly ?? 0, activity: activity === undefined ? null : loadActivity(activity), remit: null, proposal: null,
  };
}
