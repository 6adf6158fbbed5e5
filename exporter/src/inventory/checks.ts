import type { Exception, IdentityRecord, Millis, Problem } from '@remit/contract';
import { closest } from '../lib/closest.ts';
import { checkTimes, inOrder } from './check-times.ts';
import { checkCatalogue, checkTools } from './check-tools.ts';
import type { Vocabulary } from './check-tools.ts';
import type { Draft, Entry, LoadOptions } from './load.ts';
import { NETWORK_FORMS, networkProblem } from './networks.ts';
import { noteIn } from './notes.ts';
import type { Note } from './notes.ts';
import type { Path } from './parse.ts';

const OWNERS_AT_MOST = 200;

/** Adds what the schema cannot see in one record: times, windows, zones, networks, tools and their sequences, dates. */
export function checkRecord(entry: Entry<IdentityRecord>, known: Vocabulary, options: LoadOptions, problems: Problem[]): void {
  const record = entry.value;
  const note = noteIn(entry, problems);
  checkTimes(record, note);
  checkTools(record, known, note);
  checkNetworks(record.networks, ['networks'], note);
  checkLists(entry, note);
  record.exceptions?.forEach((exception, i) => checkException(exception, ['exceptions', i], options, note));
  if ((entry.proposed || record.status === 'proposed') && record.exceptions !== undefined && record.exceptions.length > 0) {
    note('warning', ['exceptions'], 'exceptions of a proposed record are not in force', 'approve the record first');
  }
}

/**
 * Adds what only shows between records, and returns the draft without proposals that a reviewed record has overtaken:
 * repeated URNs, teams and exception ids, names that several records claim at the same time, owners that are not declared.
 */
export function checkFleet(draft: Draft, options: LoadOptions, problems: Problem[]): Draft {
  draft.owners.slice(OWNERS_AT_MOST, OWNERS_AT_MOST + 1).forEach((entry) => noteIn(entry, problems)(
    'error', [], `more than ${OWNERS_AT_MOST} owners`, 'an owner is a team, not a person',
  ));
  repeated(draft.owners, ({ value }) => value.team, 'team', problems);
  const identities = withoutOvertaken(draft.identities, problems);
  repeated(identities, ({ value }) => value.urn, 'URN', problems);
  draft.exceptions.forEach((entry) => checkTopLevel(entry, options, problems));
  const exceptions = [
    ...draft.exceptions.map((entry) => ({ ...entry, path: [] as Path })),
    ...identities.flatMap((entry) => (entry.value.exceptions ?? []).map((value, i): Entry<Exception> & { path: Path } => ({
      ...entry, value, path: ['exceptions', i],
    }))),
  ];
  repeated(exceptions, ({ value }) => value.id, 'exception id', problems);
  checkOwners(identities, new Set(draft.owners.map(({ value }) => value.team)), problems);
  checkAliases(identities, problems);
  checkCatalogue(draft.catalogue, problems);
  return { ...draft, identities };
}

function checkNetworks(networks: readonly string[] | undefined, path: Path, note: Note): void {
  networks?.forEach((network, i) => {
    const problem = networkProblem(network);
    if (problem !== null) note('error', [...path, i], problem, NETWORK_FORMS);
  });
}

function checkLists(entry: Entry<IdentityRecord>, note: Note): void {
  const { actions, status, decommissioned_at: date } = entry.value;
  actions?.forEach((pattern, i) => {
    if (/^\**$/.test(pattern)) note('warning', ['actions', i], 'this pattern approves every action', 'name the services: aws:s3:Get*');
  });
  if (entry.proposed && status !== 'proposed') {
    note('warning', ['status'], `the record lies under proposed/ and counts as proposed, not as ${status}`, 'move it out of proposed/ once it is reviewed');
  } else if (status === 'decommissioned' && date === undefined) {
    note('warning', [], 'decommissioned without a date: counts from the import of this file', 'add decommissioned_at');
  }
}

function checkException(exception: Exception, path: Path, options: LoadOptions, note: Note): void {
  const { starts_at: from, expires_at: to, detector } = exception;
  if (from !== undefined && !inOrder(from, to)) note('error', [...path, 'expires_at'], 'the exception expires before it starts', 'starts_at must be earlier than expires_at');
  else if (Date.parse(to) <= options.importedAt) note('warning', [...path, 'expires_at'], `the exception ${exception.id} has expired`, 'remove it, or have it approved again with a new date');
  checkNetworks(exception.scope?.networks, [...path, 'scope', 'networks'], note);
  if (options.detectors !== undefined && detector !== '*' && !options.detectors.has(detector)) {
    const near = closest(detector, options.detectors);
    note('warning', [...path, 'detector'], `there is no detector ${JSON.stringify(detector)}`, near === null ? 'the id of a detector, or *' : `did you mean ${near}?`);
  }
}

function checkTopLevel(entry: Entry<Exception>, options: LoadOptions, problems: Problem[]): void {
  const note = noteIn(entry, problems);
  checkException(entry.value, [], options, note);
  if (entry.value.identity === undefined) note('error', [], 'the exception does not say whom it covers', 'add identity: with a pattern over URNs; "*" covers everyone');
  if (entry.proposed) note('error', [], 'an exception cannot be proposed', 'move it out of proposed/ once it is approved');
}

/** Errors for keys that occur twice, each at the later place and naming the earlier one. */
function repeated<T extends Entry<unknown> & { path?: Path }>(entries: readonly T[], keyOf: (entry: T) => string, word: string, problems: Problem[]): void {
  const first = new Map<string, T>();
  for (const entry of entries) {
    const key = keyOf(entry);
    const earlier = first.get(key);
    if (earlier === undefined) first.set(key, entry);
    else {
      noteIn(entry, problems)('error', entry.path ?? [], `the ${word} ${key} is also at ${earlier.file}:${earlier.place(earlier.path).line}`,
        word === 'URN' ? 'keep one record for an identity' : `every ${word} is used once`);
    }
  }
}

function withoutOvertaken(identities: Entry<IdentityRecord>[], problems: Problem[]): Entry<IdentityRecord>[] {
  const reviewed = new Map(identities.filter((e) => !e.proposed).map((e) => [e.value.urn, e]));
  return identities.filter((entry) => {
    const by = entry.proposed ? reviewed.get(entry.value.urn) : undefined;
    if (by === undefined) return true;
    noteIn(entry, problems)('warning', [], `the proposal is ignored: ${entry.value.urn} is already at ${by.file}:${by.place().line}`, 'remove the proposal');
    return false;
  });
}

function checkOwners(identities: readonly Entry<IdentityRecord>[], teams: ReadonlySet<string>, problems: Problem[]): void {
  const missing = new Map<string, { entry: Entry<IdentityRecord>; count: number }>();
  for (const entry of identities) {
    const team = entry.value.owner;
    if (team === undefined || teams.has(team)) continue;
    const seen = missing.get(team);
    if (seen === undefined) missing.set(team, { entry, count: 1 });
    else seen.count++;
  }
  for (const [team, { entry, count }] of missing) {
    const near = closest(team, teams);
    noteIn(entry, problems)('warning', ['owner'], `the team ${team} owns ${count} ${count === 1 ? 'identity' : 'identities'} and is not in owners`,
      near === null ? `add "- team: ${team}" to owners` : `did you mean ${near}?`);
  }
}

interface Claim { entry: Entry<IdentityRecord>; path: Path; from: Millis; to: Millis }

/** Warns of names that two records claim at the same time. A proposal never contests a reviewed record. */
function checkAliases(identities: readonly Entry<IdentityRecord>[], problems: Problem[]): void {
  const claims = new Map<string, Claim[]>(identities.map((entry) => [entry.value.urn, [{ entry, path: [], from: -Infinity, to: Infinity }]]));
  for (const entry of identities) {
    entry.value.aliases?.forEach(({ value, valid_from: from, valid_to: to }, i) => {
      const claim: Claim = {
        entry, path: ['aliases', i], from: from === undefined ? -Infinity : Date.parse(from), to: to === undefined ? Infinity : Date.parse(to),
      };
      const others = claims.get(value);
      if (others === undefined) {
        claims.set(value, [claim]);
        return;
      }
      const other = others.find((o) => o.entry !== entry && isProposed(o.entry) === isProposed(entry) && o.from < claim.to && claim.from < o.to);
      others.push(claim);
      if (other === undefined) return;
      noteIn(entry, problems)('warning', claim.path, `the name ${JSON.stringify(value.slice(0, 128))} is also claimed at ${other.entry.file}:${other.entry.place(other.path).line}, at the same time`,
        'give each claim its valid_from and valid_to, or remove one');
    });
  }
}

function isProposed(entry: Entry<IdentityRecord>): boolean {
  return entry.proposed || entry.value.status === 'proposed';
}
