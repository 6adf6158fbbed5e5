import type { KnownIdentity, Millis, NhiEvent, Sequence, SequenceStep } from '@remit/contract';
import { QueryError } from './filters.ts';
import { outcomeOf } from './events.ts';
import type { Ask, SequenceCall, SequenceReader } from './kind.ts';
import { runsOf, withoutEchoes, type RunRow } from './runs.ts';

/** A call of one run, read against what is approved for it. */
export interface Step {
  event: NhiEvent; verdict: 'approved' | 'off' | 'read' | 'forbidden' | 'denied' | 'undeclared';
  /** The approved sequence it was read in, and which step it was. */
  sequence: string | null; position: string | null;
  /** What could have come here. */
  expected: string | null;
  finding: string | null;
}
/** One run of tool calls, in order of their start. */
export interface Run { steps: Step[]; identity: KnownIdentity | null; purpose: string | null; more: boolean; sequences: readonly Sequence[] }

const MOST = 500;
/** Traces of one conversation. */
const TRACES = 100;
const AROUND: Millis = 24 * 3_600_000;

/** The run that a query names by its session, its trace, or a finding about it; the newest of the range when it names none. Throws `QueryError`. */
export async function runOf(ask: Ask): Promise<Run> {
  if (namesRun(ask)) return read(ask, await nameOf(ask));
  const [newest] = (await runsOf(ask)).rows;
  if (!newest) throw new QueryError(404, 'no chain of tool calls in the range', 'choose a longer range, or another identity');
  return listedRun(ask, newest);
}

/** A run of the list. Throws `QueryError`. */
export async function listedRun(ask: Ask, { identity, session, trace }: RunRow): Promise<Run> {
  const bounds = { identities: identity === '' ? null : [identity], from: ask.from, to: ask.to };
  if (trace !== '') return read(ask, { key: 'trace', values: [trace], ...bounds });
  return read(ask, await tracesOf(ask, [session], bounds) ?? { key: 'session', values: [session], ...bounds });
}

async function read(ask: Ask, named: Named): Promise<Run> {
  const { explorer } = ask.stands;
  const page = await explorer.events({
    from: named.from, to: named.to, identities: named.identities, conditions: [{ key: named.key, op: 'in', values: named.values }], order: 'oldest', limit: MOST, after: null,
    budget: ask.left(), signal: ask.signal, context: true,
  });
  const acts = withoutEchoes(page.events.filter(({ flags }) => !flags.includes('context')));
  if (acts.length === 0) throw new QueryError(404, `no event of this ${named.key} in the range`, 'choose a longer range; the archive keeps what its retention says');
  const calls = acts.filter(({ tool }) => tool !== undefined);
  const events = calls.length > 0 ? calls : acts;
  const identity = mostFrequent(events.map((event) => event.actor.identity.urn).filter((urn) => urn !== null));
  const known = identity === null ? null : explorer.identity(identity);
  const purpose = page.events.find((event) => event.purpose_uid !== undefined)?.purpose_uid ?? null;
  const sequences = (purpose === null ? null : known?.remit?.purpose(purpose)?.sequences) ?? known?.remit?.sequences ?? [];
  return { steps: readSteps(events, known, sequences, ask), identity: known, purpose, more: page.more, sequences };
}

/** Whether a query names a run. */
export function namesRun({ filters }: Ask): boolean {
  return ['session', 'trace', 'finding'].some((key) => filters.values(key) !== null);
}

interface Named { key: 'session' | 'trace'; values: string[]; identities: string[] | null; from: Millis; to: Millis }

async function nameOf(ask: Ask): Promise<Named> {
  const { filters, stands: { explorer }, from, to } = ask;
  const finding = filters.values('finding')?.[0];
  if (finding !== undefined) return nameOfFinding(ask, finding);
  const identities = filters.urns(explorer);
  const traces = filters.values('trace');
  if (traces) return { key: 'trace', values: traces, identities, from, to };
  const sessions = filters.values('session') ?? [];
  return await tracesOf(ask, sessions, { identities, from, to }) ?? { key: 'session', values: sessions, identities, from, to };
}

/** The traces of a conversation: often only the agent's own record says which conversation its calls are part of. */
async function tracesOf(ask: Ask, sessions: readonly string[], bounds: Omit<Named, 'key' | 'values'>): Promise<Named | null> {
  const { groups } = await ask.stands.explorer.groups({
    ...bounds, identities: null, conditions: [{ key: 'session', op: 'in', values: [...sessions] }], by: ['trace'], step: 1, most: TRACES, look: MOST * 4, budget: ask.left(),
    signal: ask.signal, context: true,
  });
  const values = groups.map(({ values: [trace] }) => trace!).filter((trace) => trace !== '');
  return values.length === 0 ? null : { key: 'trace', values, ...bounds };
}

/** What its bucket names, or what its evidence was part of. */
async function nameOfFinding(ask: Ask, id: string): Promise<Named> {
  const { explorer } = ask.stands;
  const finding = explorer.finding(id);
  if (!finding) throw new QueryError(404, 'no such finding', 'ids are 32 hexadecimal digits; findings are kept for 30 days');
  const bounds = { identities: null, from: finding.first - AROUND, to: finding.last + AROUND };
  const [, sort, name] = /^(session|trace):(.+)$/.exec(finding.bucket) ?? [];
  const bySession = sort === 'session' && name !== undefined ? await tracesOf(ask, [name], bounds) : null;
  if (bySession) return bySession;
  const times = finding.evidence.map(({ time }) => time);
  const { events } = await explorer.events({
    from: Math.min(...times), to: Math.max(...times) + 1, identities: null, conditions: [{ key: 'id', op: 'in', values: finding.evidence.map(({ uid }) => uid) }],
    order: 'oldest', limit: 10, after: null, budget: ask.left(), signal: ask.signal,
  });
  const trace = events.map((event) => event.trace?.uid ?? event.sequence_key).find((uid) => uid !== undefined);
  if (trace !== undefined) return { key: 'trace', values: [trace], ...bounds };
  const session = events.map((event) => event.actor.session?.uid).find((uid) => uid !== undefined);
  if (session !== undefined) return { key: 'session', values: [session], ...bounds };
  throw new QueryError(404, 'the events of this finding are not part of a session or a trace');
}

function readSteps(events: readonly NhiEvent[], identity: KnownIdentity | null, sequences: readonly Sequence[], ask: Ask): Step[] {
  const findings = findingsOf(ask, identity, events);
  const calls = events.map((event) => callOf(event, identity));
  const happened = calls.map((call, index) => ({ call, index })).filter(({ call, index }) =>
    call !== null && outcomeOf(events[index]!) !== 'denied') as { call: SequenceCall; index: number }[];
  const off = offOf(happened, sequences, ask.stands.sequences);
  const walk = new Walk(sequences);
  return events.map((event, index) => {
    const call = calls[index] ?? null;
    const expected = walk.expected();
    const step: Step = { event, verdict: 'undeclared', sequence: null, position: null, expected, finding: findings.get(event.metadata.uid ?? '') ?? null };
    if (outcomeOf(event) === 'denied') step.verdict = 'denied';
    else if (call !== null && isForbidden(call, happened, identity)) step.verdict = 'forbidden';
    else if (call !== null && sequences.length > 0) {
      if (off.has(index)) step.verdict = 'off';
      else Object.assign(step, ask.stands.sequences.isNoise(call, sequences) ? { verdict: 'read' } : { verdict: 'approved', ...walk.take(call) });
    }
    return step;
  });
}

/** Calls that fit in no order, by their place among the events. */
function offOf(happened: readonly { call: SequenceCall; index: number }[], sequences: readonly Sequence[], reader: SequenceReader): Set<number> {
  if (sequences.length === 0) return new Set();
  const strays = happened.filter(({ call }) => reader.isStray(call, sequences));
  const read = happened.filter((each) => !strays.includes(each) && !reader.isNoise(each.call, sequences));
  const broken = reader.read(read.map(({ call }) => call), sequences);
  return new Set([...strays.map(({ index }) => index), ...broken.map((place) => read[place]!.index)]);
}

function callOf(event: NhiEvent, identity: KnownIdentity | null): SequenceCall | null {
  if (event.tool === undefined) return null;
  const { name, server } = event.tool;
  const facts = identity?.remit?.tool({ name, server });
  return {
    name, server, category: facts?.category ?? event.tool.category ?? 'write', writes: facts?.writes ?? true, start: event.time,
    end: event.end_time === undefined ? Infinity : Math.max(event.end_time, event.time), optional: outcomeOf(event) === 'failure',
  };
}

function isForbidden(call: SequenceCall, happened: readonly { call: SequenceCall }[], identity: KnownIdentity | null): boolean {
  return identity?.remit?.forbidden.some(({ from, to }) => to.matches(call) && happened.some((other) => other.call !== call && other.call.end <= call.start && from.matches(other.call))) ?? false;
}

/** Findings by the events that are their evidence. */
function findingsOf({ stands: { explorer } }: Ask, identity: KnownIdentity | null, events: readonly NhiEvent[]): Map<string, string> {
  const by = new Map<string, string>();
  if (!identity) return by;
  const first = events[0]!.time;
  for (const finding of explorer.findingsOf(identity.urn)) {
    if (finding.last >= first) for (const { uid } of finding.evidence) by.set(uid, finding.id);
  }
  return by;
}

/** Follows approved calls through the sequences, the one under way first: enough to say which step a call was and what could come next. */
class Walk {
  readonly #sequences: readonly Sequence[];
  #at: { sequence: Sequence; step: number; count: number } | null = null;

  constructor(sequences: readonly Sequence[]) {
    this.#sequences = sequences;
  }

  expected(): string | null {
    if (this.#sequences.length === 0) return null;
    if (!this.#at) return [...new Set(this.#sequences.map(({ steps }) => steps[0]!.text))].join(' or ');
    const next = nextOf(this.#at.sequence.steps, this.#at.step, this.#at.count).map(({ step }) => step.text);
    return next.length > 0 ? [...new Set(next)].join(' or ') : [...new Set(this.#sequences.map(({ steps }) => steps[0]!.text))].join(' or ');
  }

  take(call: SequenceCall): { sequence: string; position: string } | null {
    const on = this.#at && nextOf(this.#at.sequence.steps, this.#at.step, this.#at.count).find(({ step }) => step.matches(call));
    if (this.#at && on) {
      const count = on.index === this.#at.step ? this.#at.count + 1 : 1;
      this.#at = { sequence: this.#at.sequence, step: on.index, count };
    } else {
      const begun = this.#sequences.find(({ steps }) => steps[0]!.matches(call)) ?? this.#sequences.find(({ steps }) => steps.some((step) => step.matches(call)));
      if (!begun) return null;
      this.#at = { sequence: begun, step: begun.steps.findIndex((step) => step.matches(call)), count: 1 };
    }
    return { sequence: this.#at.sequence.name, position: this.#at.sequence.steps[this.#at.step]!.text };
  }
}

/** The steps that may follow when a step has happened so many times. */
function nextOf(steps: readonly SequenceStep[], at: number, count: number): { step: SequenceStep; index: number }[] {
  const next: { step: SequenceStep; index: number }[] = [];
  if (count < steps[at]!.max) next.push({ step: steps[at]!, index: at });
  if (count < steps[at]!.min) return next;
  for (let index = at + 1; index < steps.length; index++) {
    next.push({ step: steps[index]!, index });
    if (steps[index]!.min > 0) break;
  }
  return next;
}

function mostFrequent(names: readonly string[]): string | null {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  let best: string | null = null;
  for (const [name, n] of counts) if (best === null || n > counts.get(best)!) best = name;
  return best;
}
