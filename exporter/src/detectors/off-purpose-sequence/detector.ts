import type { Chain, ChainMember, ChainStep, Detector, EventRef, NhiEvent, Remit, Sequence, Signal, View } from '@remit/contract';
import { fingerprint } from '../../lib/hash.ts';
import { attack, bounded, DAY, nist, outcome, owasp, span, tenet } from '../phrases.ts';
import { isNoise, isStray, read } from './reading.ts';
import type { Call, LongGap, Reading } from './reading.ts';
import { forbiddenSignals, mergeSides } from './transitions.ts';
import type { Side } from './transitions.ts';
import { nameOf, sequenceText, toolOf } from './words.ts';

const HOUR = 3_600_000;
/** A trace is held as long for spans that are on their way. */
const SETTLES = 120_000;
/** Departures of one chain that are told one by one. */
const MOST_SIGNALS = 8;
/** Where transitions are kept, folded, so that no flood of calls pushes their first side out. */
const ORDER = 'order:';

/**
 * Tool calls in an order that no approved sequence explains, or a forbidden transition. Calls are joined by conversation, else by
 * trace; transitions by both. One finding for each tool out of sequence, or transition, and chain. An order is broken only when
 * every order that the times allow breaks it.
 */
export const detector: Detector = {
  id: 'off-purpose-sequence',
  title: 'Agent used its tools in an order that is off its purpose',
  class: 'remit',
  severity: 'critical',
  certain: false,
  on: 'chain',
  frameworks: [
    attack('T1567', 'Exfiltration Over Web Service'),
    attack('T1213', 'Data from Information Repositories'),
    owasp('NHI5:2025', 'Overprivileged NHI'),
    nist('DE.CM-03', 'Personnel activity and technology usage are monitored'),
    nist('DE.CM-09', 'Computing hardware and software, runtime environments, and their data are monitored'),
    tenet(4),
  ],
  needs: ['principal', 'tool', 'trace'],
  judges: ['sequences', 'forbidden_transitions'],
  summary: '{identity} called its tools in an order that {owner} did not approve',
  firstAction: 'Stop the run, read what the last call sent out or changed, and look at what the agent had read just before',
  benign: [
    'A new version of the agent that takes another way to the same end', 'A tool that was renamed without changing the catalogue',
    'A person who steers the agent by hand in a conversation',
  ],
  quietFor: DAY,
  keeps: 2 * DAY,
  cap: 256,
  // A call that is still under way may be the step that is missed; what is forbidden is so with or without it.
  settles: (key) => (key.startsWith(ORDER) ? 0 : SETTLES),
  of(event, view, role) {
    if (event.tool === undefined || role !== 'actor' || view.remit === null) return [];
    const { remit } = view;
    if (remit.sequences.length === 0 && remit.forbidden.length === 0) return [];
    return membersOf(event, remit, view);
  },
  merge: (into: Fact, from: Fact): Fact => ('started' in into && 'started' in from ? mergeSides(into, from) : into),
  inspect(chain, view) {
    const { remit } = view;
    if (remit === null) return [];
    if (chain.key.startsWith(ORDER)) {
      const bucket = chain.key.slice(ORDER.length);
      return forbiddenSignals(chain.steps as ChainStep<Side>[], remit.forbidden, bucket, bucket.startsWith('session:'));
    }
    return sequenceSignals(chain as Chain<Step>, remit);
  },
};

/** A call as it is remembered: where it ended is null when that is not known. */
interface Step { name: string; server: string | undefined; category: string; writes: boolean; end: number | null; outcome: EventRef['outcome']; purpose: string | null; trace: string | null }
type Fact = Step | Side;

function membersOf(event: NhiEvent, remit: Remit, view: View): ChainMember<Fact>[] {
  const call = { name: bounded(event.tool!.name, 256), server: event.tool!.server === undefined ? undefined : bounded(event.tool!.server, 256) };
  const { category, writes } = remit.tool(call);
  const session = event.actor.session?.uid;
  const trace = event.trace?.uid ?? event.sequence_key;
  // What MCP calls a session is a connection: it may serve many runs, and one run may hold many, so it says nothing of a sequence.
  const conversation = event.actor.session?.issuer === 'mcp' ? undefined : session;
  const chain = keyOf('session', conversation) ?? keyOf('trace', trace);
  const end = event.end_time === undefined ? null : Math.max(event.end_time, event.time);
  const id = event.metadata.original_event_uid;
  const incomplete = event.trace?.sample_rate !== undefined || event.flags.includes('sampled');
  const became = outcome(event);
  const members: ChainMember<Fact>[] = [];
  const known = { ...call, category };
  if (chain !== null && remit.sequences.length > 0 && !isNoise({ ...known, writes }, remit.sequences)) {
    const purpose = event.purpose_uid === undefined ? null : event.purpose_uid.slice(0, 256);
    members.push({ key: chain, slot: event.time, id, fact: { ...known, writes, end, outcome: became, purpose, trace: keyOf('trace', trace) }, incomplete });
  }
  if (!remit.forbidden.some(({ from, to }) => from.matches(known) || to.matches(known))) return members;
  const edge = { at: event.time, ref: view.ref(event) };
  const own = keyOf('trace', trace);
  const side: Side = {
    ...known, trace: own ?? '', outcome: became, started: edge, ended: end === null ? null : { at: end, ref: edge.ref }, open: end === null ? edge : null,
  };
  const slot = event.time - (event.time % HOUR);
  for (const key of [own, keyOf('session', session)]) {
    if (key !== null) members.push({ key: ORDER + key, slot, id: fingerprint(side.trace, call.server ?? '', call.name, category, became), fact: side });
  }
  return members;
}

/** `trace:<id>`, with the id's fingerprint where it is long; null without an id. */
function keyOf(sort: 'trace' | 'session', id: string | undefined): string | null {
  if (id === undefined || id === '') return null;
  return `${sort}:${/^[\x21-\x7e]{1,48}$/.test(id) ? id : fingerprint(id)}`;
}

/**
 * Every purpose of the record is a piece of work of its own, with its own sequences; calls for none, or for one that the record does not
 * have, are one piece of work by the record's. A trace in which pieces of work are mixed is judged as a whole as well, so that no id
 * takes a call out of the order.
 */
function sequenceSignals(chain: Chain<Step>, remit: Remit): Signal[] {
  const { steps } = chain;
  // The beginning has been forgotten, so that the first call may be any step.
  const midway = chain.dropped > 0 || steps.at(-1)!.slot - steps[0]!.slot > DAY;
  const known = ({ fact: { purpose } }: ChainStep<Step>): string | null => (purpose !== null && remit.purpose(purpose) !== null ? purpose : null);
  const mixed = mixedTraces(steps, known);
  const signals: Signal[] = [];
  for (const [purpose, own] of Map.groupBy(steps, known)) {
    const sequences = purpose === null ? remit.sequences : remit.purpose(purpose)!.sequences;
    const apart = purpose === null ? own.filter(({ fact }) => !mixed.has(fact.trace)) : own;
    if (apart.length > 0 && sequences.length > 0) signals.push(...judge(apart, sequences, chain, midway, purpose));
  }
  for (const trace of mixed) signals.push(...judge(steps.filter(({ fact }) => fact.trace === trace), remit.sequences, chain, midway, null));
  const told = new Set<string>();
  return signals.filter(({ subject }) => !told.has(subject) && told.add(subject)).sort((a, b) => (a.first ?? a.at) - (b.first ?? b.at) || (a.subject < b.subject ? -1 : 1)).slice(0, MOST_SIGNALS);
}

function mixedTraces(steps: readonly ChainStep<Step>[], purposeOf: (step: ChainStep<Step>) => string | null): Set<string | null> {
  const first = new Map<string | null, string | null>();
  const mixed = new Set<string | null>();
  for (const step of steps) {
    const { trace } = step.fact;
    const purpose = purposeOf(step);
    if (!first.has(trace)) first.set(trace, purpose);
    else if (first.get(trace) !== purpose) mixed.add(trace);
  }
  return mixed;
}

function judge(steps: readonly ChainStep<Step>[], sequences: readonly Sequence[], chain: Chain, midway: boolean, purpose: string | null): Signal[] {
  const strays = steps.filter(({ fact }) => isStray(fact, sequences));
  // What was refused did not happen: it is no step, and only what could never be one is told.
  const calls = steps.filter((step) => step.fact.outcome !== 'denied' && !strays.includes(step) && !isNoise(step.fact, sequences));
  // A span that comes late may be the step that is missed; that a call can be no step at all stays so.
  const { broken, gaps, undecided } = chain.settled === false ? NOT_YET : read(calls.map(callOf), sequences, midway);
  const expected = purposeText(sequenceText(sequences, steps.map(({ fact }) => fact)), purpose);
  const departures = new Map<string, Departure>();
  for (const step of strays) add(departures, step, '', false);
  for (const index of broken) {
    add(departures, calls[index]!, `${gapText(gaps.get(index))}${chain.incomplete ? ', in an incomplete trace' : ''}`, chain.incomplete);
  }
  const signals = [...departures.values()].map((departure) => signalOf(departure, steps, expected, chain.key));
  if (undecided) signals.push(undecidedSignal(calls, expected, chain.key));
  return signals;
}

const NOT_YET: Reading = { broken: [], gaps: new Map(), undecided: false };

/** Calls of one tool that no order explains. `open`: what is missing might explain them. */
interface Departure { steps: ChainStep<Step>[]; note: string; open: boolean }

function add(departures: Map<string, Departure>, step: ChainStep<Step>, note: string, open: boolean): void {
  const key = nameOf(step.fact);
  const known = departures.get(key);
  if (known) known.steps.push(step);
  else departures.set(key, { steps: [step], note, open });
}

function signalOf({ steps: own, note, open }: Departure, all: readonly ChainStep<Step>[], expected: string, key: string): Signal {
  own.sort((a, b) => a.slot - b.slot);
  const telling = own.find(({ fact }) => fact.outcome === 'success') ?? own[0]!;
  const at = all.indexOf(telling);
  const previous = all.slice(0, at).findLast(({ fact }) => fact.outcome !== 'denied');
  const after = previous === undefined ? 'as the first call' : `after ${nameOf(previous.fact)}`;
  const evidence = [...previous === undefined ? [] : [previous], telling, ...own.filter((step) => step !== telling)].slice(0, 8).map(({ ref }) => ref);
  return {
    subject: `${nameOf(telling.fact)} out of sequence`, bucket: key,
    reason: { expected, observed: `${nameOf(telling.fact)} ${after}${note} (${telling.fact.outcome})` },
    evidence: evidence.sort((a, b) => a.time - b.time), at: own.at(-1)!.last, first: own[0]!.first, count: own.length,
    scope: { tools: [toolOf(telling.fact)] },
    ...(open ? { severity: 'info' as const } : telling.fact.outcome === 'success' ? {} : { severity: 'warning' as const }),
  };
}

function undecidedSignal(calls: readonly ChainStep<Step>[], expected: string, key: string): Signal {
  const last = calls.at(-1)!;
  return {
    subject: 'too many unlike calls at once', bucket: key,
    reason: { expected, observed: `${calls.length} calls, so many of them at once that their orders cannot all be tried (incomplete)` },
    evidence: [calls[0]!.ref, last.ref].slice(0, calls.length), at: last.last, first: calls[0]!.first, count: calls.length, severity: 'info',
  };
}

function callOf({ slot, fact }: ChainStep<Step>): Call {
  const { name, server, category, writes, end } = fact;
  return { name, server, category, writes, start: slot, end: end ?? Infinity, optional: fact.outcome === 'failure' };
}

function gapText(late: LongGap | undefined): string {
  return late === undefined ? '' : ` and a pause of ${span(late.gap)}, where max_gap of "${bounded(late.sequence.name, 60)}" is ${span(late.sequence.maxGap!)}`;
}

function purposeText(text: string, purpose: string | null): string {
  return purpose === null ? text : `for the purpose ${bounded(purpose, 40)}: ${text}`;
}
