import type { IdentityRecord, Problem } from '@remit/contract';
import { isMap, isScalar, isSeq, parseDocument, Scalar, type Document, type Pair, type YAMLMap, type YAMLSeq } from 'yaml';
import { closest } from '../lib/closest.ts';
import { GlobSet } from '../lib/glob.ts';
import { parseFile, type ParsedFile, type Path } from './parse.ts';
import { HEADER } from './propose.ts';

/** What a person decides about proposals. Patterns are over the entries of `review_required`; to drop `*` is to drop the rest. */
export interface Decisions {
  by: string;
  /** RFC 3339. */
  at: string;
  owner?: string; purpose?: string; ticket?: string;
  approve: readonly string[];
  drop: readonly string[];
}
export interface Approval { text: string; urns: string[]; moved: number; dropped: number }

/** Lines of a proposal that are no longer true of an approved record. */
const STALE = /^ {4}# (To be decided one by one: .*|owner: (who is called when this misbehaves\?|\S+ \(a guess, from .*\)))$/;

/**
 * The text of a proposal as an approved record, comments and order kept: status, who, when, owner, and every entry of
 * `review_required` moved to `actions` or dropped as decided. Refused, with the place of each thing that is missing, while a record is no
 * proposal, has no owner of these teams, or holds an entry that nobody has decided. The text has passed the inventory's checks.
 */
export function approveProposal(file: string, text: string, teams: ReadonlySet<string>, decisions: Decisions): Approval | { problems: Problem[] } {
  const parsed = parseFile(file, text);
  if ('problems' in parsed) return parsed;
  const { identities = [] } = parsed.value as { identities?: Partial<IdentityRecord>[] };
  const review = new Review(decisions);
  const problems = identities.flatMap((record, i) => faults(record, ['identities', i], file, parsed, teams, review, decisions));
  if (identities.length === 0) problems.push({ file, line: 1, column: 1, severity: 'error', message: 'there is no identity in it', hint: 'name a file that `remit learn` wrote' });
  if (problems.length > 0) return { problems };

  const document = parseDocument(withoutStale(text, decisions), { version: '1.2', schema: 'core' });
  const approval = { text: '', urns: identities.map(({ urn }) => urn!), moved: 0, dropped: 0 };
  for (const i of identities.keys()) {
    const map = document.getIn(['identities', i], true);
    if (isMap(map)) edit(document, map, decisions, review, approval);
  }
  // As the file has it, so that no other line changes.
  approval.text = document.toString({ lineWidth: 0, flowCollectionPadding: /[:-] [[{] /.test(text) });
  return approval;
}

/** Says of each entry what was decided. A pattern of a person never approves an entry that is a pattern itself: it must be named. */
class Review {
  readonly #approve: GlobSet;
  readonly #drop: GlobSet;
  readonly #dropRest: boolean;
  readonly #named: ReadonlySet<string>;

  constructor({ approve, drop }: Decisions) {
    this.#approve = new GlobSet(approve, { ignoreCase: true });
    this.#drop = new GlobSet(drop.filter((pattern) => pattern !== '*'), { ignoreCase: true });
    this.#dropRest = drop.includes('*');
    this.#named = new Set(approve);
  }

  of(entry: string): 'approve' | 'drop' | 'both' | 'wildcard' | 'open' {
    const drop = this.#drop.test(entry);
    const approve = this.#named.has(entry) || this.#approve.test(entry);
    if (drop) return approve ? 'both' : 'drop';
    if (!approve) return this.#dropRest ? 'drop' : 'open';
    return /[*?]/.test(entry) && !this.#named.has(entry) ? 'wildcard' : 'approve';
  }
}

const UNDECIDED = {
  open: ['waits for a decision', 'allow it with --approve, or leave it out with --drop; both take patterns such as "aws:kms:*"'],
  both: ['is both approved and dropped', 'make one of the two patterns narrower'],
  wildcard: ['holds a wildcard and would approve more than what was seen', 'write a narrower action into the file, or approve exactly this text'],
} as const;

function faults(
  record: Partial<IdentityRecord>, path: Path, file: string, parsed: ParsedFile, teams: ReadonlySet<string>, review: Review, { owner: given }: Decisions,
): Problem[] {
  const problems: Problem[] = [];
  const say = (at: Path, message: string, hint: string): void => { problems.push({ file, ...parsed.place([...path, ...at]), severity: 'error', message, hint }); };
  if (record.status !== 'proposed') say(['status'], `${record.urn} is no proposal: its status is ${record.status ?? 'active'}`, 'only records with status: proposed are approved');
  const owner = given ?? record.owner;
  const declared = teams.size === 0 ? 'declare the team in owners first: owners: [{ team: NAME, contact: "#channel" }]' : `teams: ${[...teams].sort().slice(0, 20).join(', ')}`;
  if (owner === undefined) say([], `${record.urn} has no owner, so nobody would be told`, `give --owner TEAM; ${declared}`);
  else if (!teams.has(owner)) {
    const near = closest(owner, teams);
    say(given === undefined ? ['owner'] : [], `the team ${owner} is not in owners of the inventory`, near === null ? declared : `did you mean ${near}?`);
  }
  record.review_required?.forEach((entry, i) => {
    const decision = review.of(entry);
    if (decision === 'approve' || decision === 'drop') return;
    const [message, hint] = UNDECIDED[decision];
    say(['review_required', i], `${JSON.stringify(entry.slice(0, 160))} ${message}`, hint);
  });
  return problems;
}

function withoutStale(text: string, { purpose }: Decisions): string {
  return text.split('\n').filter((line) => !HEADER.includes(line) && !STALE.test(line) && !(purpose !== undefined && line === '    # purpose: what is this for?')).join('\n');
}

function edit(document: Document, map: YAMLMap, { by, at, owner, purpose, ticket }: Decisions, review: Review, approval: Approval): void {
  let after = put(document, map, 'status', 'active', -1);
  for (const [key, value] of Object.entries({ owner, purpose, ticket, approved_by: by, approved_at: at })) {
    if (value !== undefined) after = put(document, map, key, value, after);
  }
  const waiting = map.get('review_required');
  if (!isSeq(waiting)) return;
  const allowed = waiting.items.filter((item) => isScalar(item) && review.of(String(item.value)) === 'approve');
  approval.moved += allowed.length;
  approval.dropped += waiting.items.length - allowed.length;
  if (allowed.length > 0) actionsOf(document, map).items.push(...allowed);
  remove(map, 'review_required');
}

/** Sets a key where it stands, or behind the item of this index; returns the index of the key. */
function put(document: Document, map: YAMLMap, key: string, value: string, after: number): number {
  const at = indexOf(map, key);
  const known = at < 0 ? undefined : map.items[at]!.value;
  if (isScalar(known)) known.value = value;
  else if (at >= 0) map.items[at]!.value = new Scalar(value);
  else {
    const place = after < 0 ? map.items.length : after + 1;
    map.items.splice(place, 0, document.createPair(key, value));
    return place;
  }
  return Math.max(at, after);
}

function actionsOf(document: Document, map: YAMLMap): YAMLSeq {
  const known = map.get('actions');
  if (isSeq(known)) return known;
  const pair = document.createPair('actions', []) as Pair<Scalar, YAMLSeq>;
  if (pair.value) pair.value.flow = false;
  remove(map, 'actions');
  map.items.splice(indexOf(map, 'review_required'), 0, pair);
  return pair.value!;
}

/** Takes a key out; what was written above it goes to the next. */
function remove(map: YAMLMap, key: string): void {
  const at = indexOf(map, key);
  if (at < 0) return;
  const [pair] = map.items.splice(at, 1);
  const kept = [commentBefore(pair?.key), isSeq(pair?.value) ? pair.value.comment : null].filter((text) => text).join('\n');
  if (kept === '') return;
  const next = map.items[at]?.key;
  if (isScalar(next)) next.commentBefore = [kept, next.commentBefore].filter((text) => text).join('\n');
  else map.comment = [kept, map.comment].filter((text) => text).join('\n');
}

function commentBefore(node: unknown): string | null | undefined {
  return isScalar(node) ? node.commentBefore : null;
}

function indexOf(map: YAMLMap, key: string): number {
  return map.items.findIndex((item) => isScalar(item.key) && item.key.value === key);
}
