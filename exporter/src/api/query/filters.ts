import { EVENT_KEYS, NOBODY, OVERFLOW } from '@remit/contract';
import type { EventCondition, EventKey, Explorer, Finding, KnownIdentity, QueryFilter, QueryKind } from '@remit/contract';
import { closest } from '../../lib/closest.ts';
import { labelValue } from '../../lib/label-value.ts';
import { BadCondition, compileCondition, type Match, type Matchable } from '../../lib/match-filter.ts';
import { FINDING_KEYS, IDENTITY_KEYS, KEYS, type FindingKey, type IdentityKey } from './keys.ts';

/** Something is wrong with a query itself; `status` as in HTTP, and what to do about it. */
export class QueryError extends Error {
  readonly status: number;
  readonly hint: string | undefined;
  constructor(status: number, message: string, hint?: string) {
    super(message);
    this.status = status;
    this.hint = hint;
  }
}

interface Compiled<K> { key: K; match: Match; filter: QueryFilter }

const MOST_PATTERNS = 8;
/** What a label of the metrics has and a plain URN of at most 128 bytes has not. */
const NOT_PLAIN = /\\|~[0-9a-f]{16}$/;

/** The filters of one query, ready to be asked. What means nothing to the kind is told in `ignored`. Throws `QueryError`. */
export class Filters {
  readonly ignored: string[] = [];
  readonly #all: Compiled<string>[] = [];
  readonly #identity: Compiled<IdentityKey>[] = [];
  readonly #named: boolean;
  readonly #verdicts = new Map<string, boolean>();

  constructor(filters: readonly QueryFilter[], kind: QueryKind) {
    if (filters.filter(({ op }) => op === '=~' || op === '!~').length > MOST_PATTERNS) throw new QueryError(400, `more than ${MOST_PATTERNS} regular expressions in one query`);
    const storm = kind === 'findings' && filters.some(({ key }) => key === 'detector');
    for (const filter of filters) {
      const { key } = filter;
      const known = KEYS.get(key);
      if (!known) throw unknownKey(key, kind);
      if (!known.kinds.includes(kind)) {
        this.ignored.push(key);
        continue;
      }
      // `_overflow_` stands for whoever has no series of its own: of a detector it is the rest of a storm, and the identity is left open. Without one it is nobody.
      if (key === 'identity' && storm && (filter.op === '=' || filter.op === 'in') && filter.values.includes(OVERFLOW)) continue;
      const compiled = { key, match: compile(filter), filter };
      this.#all.push(compiled);
      if (isIdentityKey(key)) this.#identity.push({ ...compiled, key });
    }
    // What costs most is asked last.
    this.#all.sort((a, b) => costOf(a.filter) - costOf(b.filter));
    this.#named = this.#identity.some(({ key, filter }) => key === 'identity' && filter.values.some((value) => NOT_PLAIN.test(value)));
  }

  /** Whether nothing but who acted is asked for. */
  get onlyIdentity(): boolean { return this.#all.length === this.#identity.length; }
  get any(): boolean { return this.#all.length > 0; }
  get anyIdentity(): boolean { return this.#identity.length > 0; }

  /** Values that a key must be one of, or null when it is not said so plainly. */
  values(key: string): string[] | null {
    const plain = this.#all.find((each) => each.key === key && (each.filter.op === '=' || each.filter.op === 'in'));
    return plain ? plain.filter.values : null;
  }

  has(key: string): boolean {
    return this.#all.some((each) => each.key === key);
  }

  /** Whether a thing meets every condition on these keys; `of` says what it has under a key. */
  test<K extends string>(keys: readonly K[], of: (key: K) => Matchable): boolean {
    for (const { key, match } of this.#all) if ((keys as readonly string[]).includes(key) && !match(of(key as K))) return false;
    return true;
  }

  identity(identity: KnownIdentity): boolean {
    for (const { key, match } of this.#identity) if (!match(this.#ofIdentity(identity, key))) return false;
    return true;
  }

  finding(finding: Finding, explorer: Explorer): boolean {
    for (const { key, match } of this.#all) {
      if (isFindingKey(key)) {
        if (!match(ofFinding(finding, key))) return false;
      } else if (key === 'owner') {
        if (!match(ownerOf(finding.owner))) return false;
      } else if (key === 'kind' || key === 'purpose') {
        if (!match(finding[key])) return false;
      } else if (key === 'identity') {
        if (!match(this.#name(finding.identity))) return false;
      } else if (!this.#holder(finding.identity, explorer)) return false;
    }
    return true;
  }

  /** Conditions on events that the archive looks at; who acted is not among them. */
  events(): EventCondition[] {
    return this.#all.filter(({ key }) => isEventKey(key)).map(({ filter: { key, op, values } }) => ({ key: key as EventKey, op, values }));
  }

  /** Whose events, or null for everybody's. */
  urns(explorer: Explorer): string[] | null {
    if (this.#identity.length === 0) return null;
    const named = this.values('identity');
    if (named && !this.#named) {
      return named.filter((urn) => {
        const known = explorer.identity(urn);
        return known !== null && this.identity(known);
      });
    }
    return this.identities(explorer).map(({ urn }) => urn);
  }

  identities(explorer: Explorer): KnownIdentity[] {
    const named = this.#named ? null : this.values('identity');
    const from = named ? named.map((urn) => explorer.identity(urn)).filter((known) => known !== null) : explorer.identities();
    const found: KnownIdentity[] = [];
    for (const identity of from) if (this.identity(identity)) found.push(identity);
    return found;
  }

  /** Conditions on the holder of a finding that the finding does not say itself. */
  #holder(urn: string, explorer: Explorer): boolean {
    let verdict = this.#verdicts.get(urn);
    if (verdict === undefined) {
      const identity = explorer.identity(urn);
      verdict = this.#identity.every(({ key, match }) => key === 'identity' || key === 'owner' || key === 'kind' || key === 'purpose' || match(identity && this.#ofIdentity(identity, key)));
      this.#verdicts.set(urn, verdict);
    }
    return verdict;
  }

  #ofIdentity(identity: KnownIdentity, key: IdentityKey): Matchable {
    if (key === 'owner') return ownerOf(identity.remit?.record.owner);
    return key === 'identity' ? this.#name(identity.urn) : ofIdentity(identity, key);
  }

  #name(urn: string): Matchable {
    return this.#named ? [urn, labelValue(urn)] : urn;
  }
}

/** What an identity has under a key. */
export function ofIdentity({ urn, kind, class: who, remit }: KnownIdentity, key: IdentityKey): Matchable {
  switch (key) {
    case 'identity': return urn;
    case 'kind': return kind;
    case 'class': return who;
    case 'inventoried': return String(remit?.reviewed === true);
    case 'lifecycle': return remit?.lifecycle ?? 'unknown';
    default: return remit?.record[key];
  }
}

/** Nobody is the empty text, and has the name that the metrics give it. */
const NOBODYS = ['', NOBODY] as const;
const ownerOf = (owner: string | null | undefined): Matchable => owner ?? NOBODYS;

/** What a finding has under a key of its own. */
export function ofFinding(finding: Finding, key: FindingKey): Matchable {
  return key === 'finding_class' ? finding.class : finding[key];
}

function costOf({ key, op }: QueryFilter): number {
  return (op === '=~' || op === '!~' ? 2 : 0) + (isFindingKey(key) ? 0 : 1);
}

function isIdentityKey(key: string): key is IdentityKey { return (IDENTITY_KEYS as readonly string[]).includes(key); }
function isFindingKey(key: string): key is FindingKey { return (FINDING_KEYS as readonly string[]).includes(key); }
function isEventKey(key: string): key is EventKey { return (EVENT_KEYS as readonly string[]).includes(key); }

function compile(filter: QueryFilter): Match {
  try {
    return compileCondition(filter);
  } catch (error) {
    if (error instanceof BadCondition) throw new QueryError(400, `${filter.key}: ${error.message}`);
    throw error;
  }
}

function unknownKey(key: string, kind: QueryKind): QueryError {
  const near = closest(key, KEYS.keys());
  const known = [...KEYS].filter(([, { kinds }]) => kinds.includes(kind)).map(([name]) => name).join(', ');
  return new QueryError(400, `there is no filter ${JSON.stringify(key.slice(0, 64))}`, near === null ? `${kind} knows ${known}` : `did you mean ${near}?`);
}
