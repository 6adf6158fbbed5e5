import type { ApprovedArgument, EventRef, Inventory, Millis, NhiEvent, Novelty, PurposeRemit, Remit, RunCallView, RunSurprise, ToolCall } from '@remit/contract';
import { fingerprint } from '../lib/hash.ts';
import { normal } from '../lib/tool-arguments.ts';
import type { HashedCall, HashedRun, RunVerdict } from './parts.ts';

const LONGEST_NAME = 256;
/** Hashes stay below 2^52. */
const DIGITS = 13;
/** What MCP servers offer beside tools only reads. */
const READS: ReadonlySet<string> = new Set(['resources/read', 'prompts/get']);
const SERVER = 'server';
/** Fewer runs of an agent cannot show what one in a hundred is. */
const ENOUGH = 100;
/**
 * Of the runs that wait for a verdict, so many a learned run count when a ticket is decided, until they have waited for days: then all do. Otherwise an agent that
 * changed its ways would raise a ticket with every run, since none of them is learned.
 */
const SHARE_OF_HELD = 1 / 200;
const WAITED: Millis = 3 * 86_400_000;

/** One tool call as an open run holds it: no value, only hashes by path. */
export interface KeptCall {
  id: string; time: Millis; ref: EventRef; name: string; server?: string; category: string; writes: boolean;
  passed: [path: string, hash: number][];
  /** It came when its run may have been over already. */
  late: boolean;
  /** Spans around it are missing, or left out by sampling. */
  gap: boolean;
}
/** Calls of one run with no longer pause than an hour. */
export interface Segment { urn: string; key: string; purpose: string | null; calls: readonly KeptCall[] }

/** What a run keeps of a call. */
export function callOf(event: NhiEvent, ref: EventRef, remit: Remit | null, inventory: Inventory, late: boolean, gap: boolean): KeptCall {
  const tool = event.tool!;
  const name = tool.name.slice(0, LONGEST_NAME);
  const server = tool.server?.slice(0, LONGEST_NAME);
  const { category, writes } = (remit ?? inventory).tool({ name, server });
  return {
    id: event.metadata.original_event_uid, time: event.time, ref, name, ...(server === undefined ? {} : { server }), category,
    writes: writes && !(tool.method !== undefined && READS.has(tool.method)), late, gap: gap || event.trace?.sample_rate !== undefined,
    passed: tool.arguments?.map(({ path, hash }) => [path, hash]) ?? [],
  };
}

/** How rare by rank: among the runs that were learned, and those `held` for a verdict, which would have been learned had they been less odd. */
export function surpriseOf({ score, above, sampled, learned, since, perHour }: RunVerdict, held: readonly { score: number; last: Millis }[], at: Millis): RunSurprise {
  const heldAbove = held.filter((other) => other.score >= score - 1e-9).length;
  const waited = held.filter(({ last }) => last <= at - WAITED);
  const waitedAbove = waited.filter((other) => other.score >= score - 1e-9).length;
  const most = Math.floor(sampled * SHARE_OF_HELD);
  const some = (count: number, old: number): number => old + Math.min(count - old, most);
  const p = (1 + above + heldAbove) / (1 + sampled + held.length);
  const hour = p === 1 ? 1 : -Math.expm1(Math.max(1, perHour) * Math.log1p(-p));
  return {
    p, score: -Math.log10(p), hourScore: Math.max(0, -Math.log10(hour)), sampled, learned, since, ready: sampled >= ENOUGH,
    ticketP: (1 + above + some(heldAbove, waitedAbove)) / (1 + sampled + some(held.length, waited.length)),
  };
}

/** Turns runs into hashes, and what is said of hashes back into calls. */
export class RunHasher {
  readonly #conceal: (text: string) => number;
  readonly #approved = new WeakMap<ApprovedArgument, ReadonlySet<number>>();

  constructor(conceal: (text: string) => number) {
    this.#conceal = conceal;
  }

  /** The run as it is learned. Its id is the same on every installation. */
  learned({ urn, key, purpose, calls }: Segment): HashedRun {
    const id = Number.parseInt(fingerprint('run', urn, key, purpose ?? '', calls[0]!.id).slice(0, DIGITS), 16);
    return { id, agent: urn, purpose: purpose === null ? 0 : this.#conceal(`purpose ${purpose}`) || 1, group: id, calls: calls.map((call) => this.#call(call)) };
  }

  /** The run as it is judged: what the inventory approves is known. */
  judged(segment: Segment, remit: Remit | null): HashedRun {
    const run = this.learned(segment);
    if (remit === null) return run;
    const purpose = segment.purpose === null ? null : remit.purpose(segment.purpose);
    const lists = purpose?.arguments ?? remit.arguments;
    return {
      ...run,
      calls: run.calls.map((call, i): HashedCall => {
        const { passed, name, server } = segment.calls[i]!;
        const values = lists.length === 0 ? call.values : call.values.filter((_, at) => {
          const [path, hash] = passed[at >> 1] ?? [SERVER, call.values[at | 1]!];
          return !this.#isApproved(lists, { name, server }, path, hash);
        });
        return approves(segment.purpose, purpose, remit, { name, server }) ? { ...call, values, approved: true } : { ...call, values };
      }),
    };
  }

  /** The calls of a segment with what is new of each, and what the inventory's lists leave out. */
  views(segment: Segment, verdict: RunVerdict | null, remit: Remit | null): RunCallView[] {
    const { calls } = segment;
    const lists = remit === null ? [] : ((segment.purpose === null ? null : remit.purpose(segment.purpose)) ?? remit).arguments;
    const said = new Map(verdict?.calls.map((call) => [call.at, call]));
    return calls.map(({ ref, name, server, category, writes, passed }, i): RunCallView => {
      const found = said.get(i);
      const view: RunCallView = { ref, tool: { name, server }, category, writes, outcome: ref.outcome, novelty: 'known', arguments: [], undeclared: this.#unlisted(lists, calls[i]!, found), surprise: found === undefined ? 0 : (found.parts.tool + found.parts.values) / Math.LN10 };
      if (found === undefined) return view;
      const paths = new Map([...passed.map(([path]) => path), SERVER].map((path) => [this.#path(name, path), path]));
      const news: { path: string; novelty: Novelty; surprise: number }[] = [];
      for (const { kind, where, state, surprise } of found.elements) {
        if (kind === 'tool') view.novelty = state === 0 ? 'known' : state === 1 ? 'elsewhere' : 'unknown';
        else if (kind.startsWith('value') && state > 0 && surprise > Math.LN2) news.push({ path: paths.get(where) ?? '', novelty: state === 4 ? 'unknown' : 'elsewhere', surprise: surprise / Math.LN10 });
      }
      return { ...view, arguments: news.sort((a, b) => b.surprise - a.surprise || (a.path < b.path ? -1 : 1)) };
    });
  }

  /** Paths of a call that lists close, with a value that none of them has and that no run for the purpose showed. */
  #unlisted(lists: readonly ApprovedArgument[], { name, server, passed }: KeptCall, found: RunVerdict['calls'][number] | undefined): string[] {
    if (lists.length === 0) return [];
    const values: [string, number][] = server === undefined ? passed : [...passed, [SERVER, this.#conceal(normal(server))]];
    const outside = new Set<string>();
    for (const [path, hash] of values) {
      if (outside.has(path) || !lists.some((list) => list.closes({ name, server }, path)) || this.#isApproved(lists, { name, server }, path, hash)) continue;
      const where = this.#path(name, path);
      if (found?.elements.some((element) => element.kind.startsWith('value') && element.where === where && element.state === 0) !== true) outside.add(path);
    }
    return [...outside];
  }

  #call({ name, server, writes, ref, passed }: KeptCall): HashedCall {
    const values: number[] = [];
    for (const [path, hash] of passed) values.push(this.#path(name, path), hash);
    // Another server with a tool of the same name is another destination.
    if (server !== undefined) values.push(this.#path(name, SERVER), this.#conceal(normal(server)));
    return { tool: this.#conceal(`tool ${name}`), writes, ok: ref.outcome === 'success', values };
  }

  /** The same path of another tool means something else. */
  #path(tool: string, path: string): number {
    return this.#conceal(`path ${tool.length}:${tool}${path}`);
  }

  #isApproved(lists: readonly ApprovedArgument[], call: ToolCall, path: string, hash: number): boolean {
    for (const list of lists) {
      if (!list.fits(call, path)) continue;
      let hashes = this.#approved.get(list);
      if (hashes === undefined) this.#approved.set(list, hashes = new Set(list.values.map((value) => this.#conceal(value))));
      if (hashes.has(hash)) return true;
    }
    return false;
  }
}

/** A list of tools approves for the purpose it was written for; that of the record where the run has none. */
function approves(id: string | null, purpose: PurposeRemit | null, remit: Remit, call: ToolCall): boolean {
  if (id !== null) return purpose?.approves(call) === true;
  const { verdict } = remit.tool(call);
  return verdict === 'allowed' || verdict === 'approval';
}
