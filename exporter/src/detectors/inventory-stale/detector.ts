import type { Detector, IdentityRecord, Millis, Signal, WatchedIdentity } from '@remit/contract';
import { parseDuration } from '../../lib/duration.ts';
import { Foremost } from '../../lib/foremost.ts';
import { attack, bounded, DAY, day, moment, nist, owasp, span, tenet } from '../phrases.ts';

const HOUR: Millis = 3_600_000;
/** Identities that did something this lately are active. */
const ACTIVE: Millis = 7 * DAY;
/** How old the import of `granted`, and of any other field, may be. */
const GRANTED: Millis = 7 * DAY;
const OTHERS: Millis = 30 * DAY;
/** Bounds the work of a look at the fleet; those that did something sensitive come first. */
const MOST = 500;
const SHOWN = 10;

/**
 * A reviewed record is older than its limit while its identity is active: its review is due, a field of it was imported too long ago
 * (`granted` 7 days, others 30), or a grant is younger than the import of the grants. One ticket per identity and what is stale; it
 * stands until the record is renewed.
 */
export const detector: Detector = {
  id: 'inventory-stale',
  title: 'Inventory record older than its limit while its identity is active',
  class: 'state',
  severity: 'warning',
  certain: false,
  on: 'tick',
  passes: true,
  frameworks: [
    attack('T1078.004', 'Valid Accounts: Cloud Accounts'),
    owasp('NHI5:2025', 'Overprivileged NHI'),
    nist('ID.AM-08', 'Systems, hardware, software, services, and data are managed throughout their life cycles'),
    nist('PR.AA-05', 'Access permissions, entitlements, and authorizations are defined in a policy, managed, enforced, and reviewed'),
    tenet(7),
  ],
  needs: ['principal'],
  judges: ['imports'],
  summary: '{identity} is active and what the inventory says of it is older than {owner} allows',
  firstAction: 'Import again or review the record, then look at what the identity used that the old record did not know',
  benign: ['An import that failed or was switched off', 'A review that was made and not written down'],
  quietFor: 7 * DAY,
  * inspect(state) {
    const found = new Foremost<{ identity: WatchedIdentity; old: Old }>(MOST, (a, b) => Number(b.identity.sensitive) - Number(a.identity.sensitive)
      || a.old.due - b.old.due || (a.identity.urn < b.identity.urn ? -1 : a.identity.urn > b.identity.urn ? 1 : a.old.what < b.old.what ? -1 : 1));
    yield* state.each((identity) => {
      if (identity.remit === null || state.now - identity.last >= ACTIVE) return;
      for (const old of staleOf(identity.remit.record, state.now)) found.add({ identity, old });
    });
    return found.sorted().map(({ identity, old }) => about(identity, old));
  },
};

/** One thing that is stale since `due`. */
interface Old { what: string; due: Millis; expected: string; since: string }

function staleOf(record: IdentityRecord, now: Millis): Old[] {
  return [reviewOf(record), grantsOf(record), importsOf(record)].filter((old) => old !== null && old.due < now) as Old[];
}

function reviewOf({ last_reviewed: reviewed, review_interval: interval }: IdentityRecord): Old | null {
  const length = interval === undefined ? null : parseDuration(interval);
  if (reviewed === undefined || length === null) return null;
  return { what: 'review', due: Date.parse(reviewed) + length, expected: `a review every ${span(length)}`, since: `the last review was at ${moment(Date.parse(reviewed))}` };
}

/** A list without an import is as old as its youngest grant. */
function grantsOf({ granted, provenance }: IdentityRecord): Old | null {
  if (granted === undefined || granted.length === 0) return null;
  const imported = timeOf(provenance?.['granted']?.imported_at);
  const youngest = granted.reduce<Millis | null>((latest, { granted_at: text }) => (text === undefined ? latest : Math.max(latest ?? -Infinity, Date.parse(text))), null);
  if (imported !== null && youngest !== null && youngest > imported) {
    return { what: 'granted', due: youngest, expected: 'an import of the grants after their last change', since: `imported at ${moment(imported)}, changed at ${moment(youngest)}` };
  }
  const at = imported ?? youngest;
  return at === null ? null : { what: 'granted', due: at + GRANTED, expected: `grants no older than ${span(GRANTED)}`, since: `they are of ${moment(at)}` };
}

/** Of all other fields together, the one that was due first. */
function importsOf({ provenance }: IdentityRecord): Old | null {
  let oldest: { field: string; at: Millis } | null = null;
  for (const field of Object.keys(provenance ?? {}).sort()) {
    const at = field === 'granted' ? null : timeOf(provenance![field]!.imported_at);
    if (at !== null && (oldest === null || at < oldest.at)) oldest = { field, at };
  }
  if (oldest === null) return null;
  const { field, at } = oldest;
  return {
    what: 'import', due: at + OTHERS, expected: `facts imported within ${span(OTHERS)}`,
    since: `${bounded(field, 64)} of ${bounded(provenance![field]!.source, 64)} is of ${moment(at)}`,
  };
}

function timeOf(text: string | undefined): Millis | null { return text === undefined ? null : Date.parse(text); }

function about({ urn, remit, last, evidence }: WatchedIdentity, { what, due, expected, since }: Old): Signal & { urn: string } {
  return {
    urn, subject: what, bucket: day(due),
    reason: { expected, observed: `${since}, in ${bounded(remit!.where, 80)}` },
    // To the hour, so that a ticket which stands for weeks is not told anew at every look.
    evidence: evidence.slice(0, SHOWN), at: Math.max(due, last - (last % HOUR)), first: due,
  };
}
