import type { Remit } from '@remit/contract';
import type { Identity } from './identities.ts';
import { NO_CARRIERS } from './saved-identity.ts';

/** Stands for somebody in findings who has not acted: the whole fleet, or one whose credential somebody else handled. */
export function standIn(urn: string, remit: Remit | null): Identity {
  return {
    index: -1, urn, kindRank: 0, lastKind: '', proofs: 0, first: 0, last: 0, success: 0, failure: 0, denied: 0, sensitive: false, natives: [],
    carriers: NO_CARRIERS, feeds: [], open: [], closedUntil: 0, score: null, deviates: null, succeededUntil: null, longestPause: 0, refused: 0, partly: 0, activity: null, remit, proposal: null,
  };
}
