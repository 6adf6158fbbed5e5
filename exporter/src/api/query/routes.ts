import { once } from 'node:events';
import { setImmediate as breathe } from 'node:timers/promises';
import type { Request, Response } from 'express';
import { z } from 'zod';
import { QUERY_KINDS, QUERY_VERSION, queryRequestSchema, VALUE_MOST } from '@remit/contract';
import type { Frame, QueryResult } from '@remit/contract';
import { queryOf, sendJson } from '../../lib/http-route.ts';
import type { Route } from '../../lib/http-route.ts';
import { createUploadGate } from '../../lib/upload.ts';
import type { UploadGate } from '../../lib/upload.ts';
import { readJsonBody } from '../json-body.ts';
import { filterProblem } from '../query.ts';
import { Filters, QueryError } from './filters.ts';
import type { QueryStands } from './kind.ts';
import { labelInfos, labelValues, readMatch } from './labels.ts';
import { runQuery } from './run.ts';
import { isStreamCursor, type FindingHub } from './stream.ts';

export interface QueryRouteDeps {
  stands: QueryStands;
  hub: FindingHub;
  /** Told of faults of our own; the client only learns that there was one. */
  failed(error: unknown): void;
}

const BODY = { bytes: 256 * 1024, millis: 10_000, idleMillis: 5000 };
const ROOM = 8 << 20;
/** Milliseconds for all queries of a request, and for the values of a label. */
const DEADLINE = 5000;
/** Requests that are worked on at a time. */
const MOST_RUNNING = 16;
/** Bytes of an answer, and of it between two turns of the loop. */
const MOST_BYTES = 16 << 20;
const TURN_BYTES = 1 << 20;

/** What Grafana asks: queries, labels and their values, and the stream of findings. All of them only read, and take the read token. */
export function queryApiRoutes(deps: QueryRouteDeps): Route[] {
  const gate = createUploadGate({ inFlight: () => 0, limit: () => ROOM }, BODY);
  const running = { now: 0 };
  return [
    { method: 'POST', path: '/api/v1/query', access: 'read', handle: (request, response) => query(request, response, gate, running, deps) },
    { method: 'GET', path: '/api/v1/labels', access: 'read', handle: (request, response) => labels(request, response) },
    { method: 'GET', path: '/api/v1/labels/:name/values', access: 'read', handle: (request, response) => values(request, response, deps) },
    { method: 'GET', path: '/api/v1/findings/stream', access: 'read', handle: (request, response) => stream(request, response, deps) },
  ];
}

async function query(request: Request, response: Response, gate: UploadGate, running: { now: number }, deps: QueryRouteDeps): Promise<void> {
  const sent = await readRequest(request, response, gate);
  if (sent === null) return;
  if (running.now >= MOST_RUNNING) {
    response.set('Retry-After', '1');
    return sendJson(response, 429, { error: 'too many queries at once; try again' });
  }
  running.now++;
  try {
    await answer(sent, response, deps);
  } finally {
    running.now--;
  }
}

async function readRequest(request: Request, response: Response, gate: UploadGate): Promise<{ refId: string }[] | null> {
  const read = await readJsonBody(request, response, gate, queryRequestSchema, '{"queries": [{"refId": "A", "kind": "findings"}]}');
  if (read === null) return null;
  const { queries } = read;
  const names = new Set(queries.map(({ refId }) => refId));
  if (names.size < queries.length) {
    sendJson(response, 400, { error: 'queries: every refId stands for one query only' });
    return null;
  }
  return queries;
}

/** One query after the other, and each is sent before the next is begun: only one of them is in memory. */
async function answer(queries: readonly { refId: string }[], response: Response, { stands, failed }: QueryRouteDeps): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const until = performance.now() + DEADLINE;
  const limits = { signal: gone.signal, left: () => Math.max(0, until - performance.now()) };
  response.status(200).set('Content-Type', 'application/json; charset=utf-8');
  let size = 0;
  let before = `{"version":${QUERY_VERSION},"results":{`;
  for (const sent of queries) {
    const result = await runQuery(sent, stands, limits, failed);
    const text = await written(result, MOST_BYTES - size);
    size += text.length;
    if (gone.signal.aborted) return;
    if (!response.write(`${before}${JSON.stringify(sent.refId)}:${text}`)) await Promise.race([once(response, 'drain'), once(response, 'close')]);
    before = ',';
  }
  response.end('}}\n');
}

/** A result as JSON, column by column with the loop given back in between; one that does not fit becomes an error. */
async function written({ frames, ...rest }: QueryResult, room: number): Promise<string> {
  const parts: string[] = [];
  let size = 0;
  let turn = 0;
  for (const frame of frames) {
    const columns: string[] = [];
    for (const column of frame.data.values) {
      const text = JSON.stringify(column);
      columns.push(text);
      size += text.length;
      turn += text.length;
      if (size > room) return JSON.stringify(tooLarge());
      if (turn < TURN_BYTES) continue;
      turn = 0;
      await breathe();
    }
    parts.push(writtenFrame(frame, columns));
  }
  return `${JSON.stringify(rest).slice(0, -1)},"frames":[${parts.join(',')}]}`;
}

function writtenFrame({ schema, data }: Frame, columns: readonly string[]): string {
  const nanos = data.nanos === undefined ? '' : `,"nanos":${JSON.stringify(data.nanos)}`;
  return `{"schema":${JSON.stringify(schema)},"data":{"values":[${columns.join(',')}]${nanos}}}`;
}

function tooLarge(): QueryResult {
  return { status: 413, error: `the answer is larger than ${MOST_BYTES >> 20} MiB in all`, hint: 'lower the limit, or ask fewer queries at once', frames: [] };
}

// ---------------------------------------------------------------- labels

const condition = z.string().max(VALUE_MOST + 70);
const several = z.union([condition, z.array(condition).max(32)]).transform((v) => (Array.isArray(v) ? v : [v])).default([]);
const time = z.coerce.number().int().optional();
const labelsSchema = z.strictObject({ kind: z.enum(QUERY_KINDS).optional() });
const valuesSchema = z.strictObject({
  kind: z.enum(QUERY_KINDS).optional(), match: several, q: z.string().max(512).default(''), from: time, to: time,
  limit: z.coerce.number().int().min(1).max(1000).default(200),
});
const streamSchema = z.strictObject({ cursor: z.string().max(64).optional(), filter: several });

function labels(request: Request, response: Response): void {
  const asked = readQuery(request, response, labelsSchema);
  if (asked !== null) sendJson(response, 200, { items: labelInfos(asked.kind ?? null) });
}

async function values(request: Request, response: Response, { stands }: QueryRouteDeps): Promise<void> {
  const asked = readQuery(request, response, valuesSchema);
  if (asked === null) return;
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const { kind, match: matches, q: contains, from, to, limit } = asked;
  await orRefuse(response, async () => sendJson(response, 200, await labelValues({
    name: String(request.params['name']), kind: kind ?? null, matches, contains, from: from ?? null, to: to ?? null, limit, budget: DEADLINE, signal: gone.signal,
  }, stands)));
}

// ---------------------------------------------------------------- stream

async function stream(request: Request, response: Response, { stands, hub }: QueryRouteDeps): Promise<void> {
  const asked = readQuery(request, response, streamSchema);
  if (asked === null) return;
  if (asked.cursor !== undefined && !isStreamCursor(asked.cursor)) return sendJson(response, 400, { error: 'cursor: not one of this stream; leave it out to begin anew' });
  // A HEAD would hold the place of a reader.
  if (request.method === 'HEAD') return sendJson(response, 200, {});
  await orRefuse(response, () => {
    const filters = new Filters(asked.filter.map(readMatch), 'findings');
    const { explorer } = stands;
    if (hub.open(response, { cursor: asked.cursor ?? null, wants: (finding) => filters.finding(finding, explorer), findings: explorer })) return;
    response.set('Retry-After', '15');
    sendJson(response, 429, { error: 'too many streams; ask for findings every now and then instead' });
  });
}

async function orRefuse(response: Response, work: () => Promise<void> | void): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof QueryError)) throw error;
    sendJson(response, error.status, { error: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) });
  }
}

function readQuery<S extends z.ZodType>(request: Request, response: Response, schema: S): z.output<S> | null {
  const read = schema.safeParse(queryOf(request));
  if (read.success) return read.data;
  sendJson(response, 400, { error: filterProblem(read.error) });
  return null;
}
