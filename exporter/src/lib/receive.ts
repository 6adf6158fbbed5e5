import type { Request, Response } from 'express';
import { Overloaded, StoreFailed } from '@remit/contract';
import type { Ingest, IngestHint, Receipt, RejectReason } from '@remit/contract';
import { queryOf, refuseBody, sendJson } from './http-route.ts';
import type { UploadGate } from './upload.ts';

/** What a receiver over HTTP needs. `sources` are the known source ids; without it every well-formed id passes. */
export interface ReceiverDeps {
  ingest: Ingest; gate: UploadGate; sources?: readonly string[];
  /** Counts what a receiver refuses itself, before it comes to records. */
  rejected?(reason: RejectReason, count: number): void;
  /** Says once in a while that records were refused, where the protocol has no way to tell the sender. */
  refused?(receiver: string, receipt: Receipt): void;
}

/** Takes one body to the pipeline and answers what became of it: headers are judged first, then room, then bytes. */
export async function receive(request: Request, response: Response, deps: ReceiverDeps, receiver: string, fixed: Partial<IngestHint> = {}): Promise<void> {
  const media = mediaProblem(request);
  if (media !== null) return refuseBody(request, response, 415, { error: media });
  const hint = readHint(request, receiver, deps.sources, fixed);
  if (typeof hint === 'string') return refuseBody(request, response, 400, { error: hint, ...NOTHING });

  const upload = await deps.gate.take(request, response);
  if (upload === null) return;
  if (upload.body.length === 0) {
    upload.release();
    return sendJson(response, 400, { error: 'the body is empty', ...NOTHING });
  }
  if (typeOf(request) === FORM && !looksLikeRecords(upload.body)) {
    upload.release();
    return sendJson(response, 415, { error: WRONG_TYPE });
  }
  try {
    const pending = deliver(deps.ingest, upload.body, hint);
    upload.release();
    const receipt = await pending;
    if (!isBusy(receipt)) return answer(response, receipt);
    response.set('Retry-After', String(receipt.retryAfter));
    sendJson(response, receipt.status, { error: receipt.error });
  } finally {
    upload.release();
  }
}

/** A body that could not be taken for now: 429 no room, 503 the store refuses. `retryAfter` in seconds. */
export interface Busy { status: 429 | 503; error: string; retryAfter: number }

export function isBusy(result: Receipt | Busy): result is Busy {
  return 'status' in result;
}

/** Hands a body to the pipeline; what became of it once that is durable, or why it must be sent again. */
export async function deliver(ingest: Ingest, body: Uint8Array, hint: IngestHint): Promise<Receipt | Busy> {
  try {
    return await ingest.accept(body, hint);
  } catch (error) {
    if (error instanceof Overloaded) return { status: 429, error: 'too many bytes are in flight; try again', retryAfter: error.retryAfterSeconds };
    if (error instanceof StoreFailed) return { status: 503, error: 'the store cannot take records; nothing of this body was kept, send it again', retryAfter: 5 };
    throw error;
  }
}

const NOTHING = { accepted: 0, duplicate: 0, start_record: 0, rejected: [] as const };
const MOST_LISTED = 100;

function answer(response: Response, receipt: Receipt): void {
  const { accepted, duplicate, start_record } = receipt;
  const rejected = receipt.rejected.slice(0, MOST_LISTED);
  const total = receipt.rejected_total;
  const body = { accepted, duplicate, start_record, rejected, ...(total > rejected.length ? { rejected_total: total } : {}) };
  if (accepted + duplicate + start_record > 0) return sendJson(response, 200, body);
  if (total === 0) return sendJson(response, 400, { error: 'the body holds no record', ...body });
  const first = receipt.rejected[0];
  const allTooLarge = rejected.length === total && rejected.every((each) => each.reason === 'too_large');
  const error = `no record was valid: ${first ? `${first.reason}: ${first.detail}` : `${total} rejected`}`;
  sendJson(response, allTooLarge ? 413 : 400, { error, ...body });
}

const MEDIA = new Set([
  'application/json', 'application/x-ndjson', 'application/ndjson', 'application/jsonl', 'application/gzip', 'application/x-gzip', 'application/zstd',
  'text/plain', 'application/octet-stream', 'application/cloudevents+json', 'application/cloudevents-batch+json',
]);
const ENCODINGS = new Map([['gzip', 'gzip'], ['x-gzip', 'gzip'], ['deflate', 'deflate'], ['zstd', 'zstd'], ['identity', ''], ['', '']]);

const WRONG_TYPE = 'the content type is not taken; send application/json or application/x-ndjson, as it is or compressed';
/** What `curl --data-binary` says of any file: taken when the body is plainly no form. */
const FORM = 'application/x-www-form-urlencoded';

/** The media type of the body, in lower case and without parameters; empty when the sender names none. */
export const typeOf = (request: Request): string => (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';

/** True when the body begins as JSON does, blanks and byte order mark aside, or as gzip or zstd do. */
function looksLikeRecords(body: Uint8Array): boolean {
  const magic = Buffer.from(body.subarray(0, 4)).toString('hex');
  if (magic.startsWith('1f8b') || magic === '28b52ffd') return true;
  const text = body.subarray(magic.startsWith('efbbbf') ? 3 : 0, 1024);
  const first = text.find((byte) => byte > 0x20);
  return first === 0x7b || first === 0x5b;
}

function mediaProblem(request: Request): string | null {
  const type = typeOf(request);
  if (type !== '' && type !== FORM && !MEDIA.has(type)) return WRONG_TYPE;
  return encodingOf(request) === null ? WRONG_ENCODING : null;
}

export const WRONG_ENCODING = 'the content encoding is not taken; send gzip, deflate, zstd or none';

/** The encoding of the body: `gzip`, `deflate`, `zstd`, empty for none, or null for one that is not taken. */
export function encodingOf(request: Request): string | null {
  return ENCODINGS.get((request.headers['content-encoding'] ?? '').trim().toLowerCase()) ?? null;
}

const KNOWN = new Set(['source', 'feed', 'cluster', 'mode', 'timeout']);
const NAME = /^[\x21-\x7e]{1,253}$/;

/** Facts about the body from the query, or from `x-remit-…` headers where the query is silent; or what is wrong with them. */
export function readHint(request: Request, receiver: string, sources: readonly string[] | undefined, fixed: Partial<IngestHint>): IngestHint | string {
  const query = queryOf(request);
  for (const key of Object.keys(query)) {
    // The Kubernetes API server adds its own timeout to the query.
    if (!KNOWN.has(key)) return `unknown parameter ${JSON.stringify(key.slice(0, 64))}; known: source, feed, cluster, mode`;
    if (Array.isArray(query[key])) return `${key} is given more than once`;
  }
  const hint: IngestHint = { receiver };
  for (const name of ['source', 'feed', 'cluster'] as const) {
    const value = query[name] ?? request.headers[`x-remit-${name}`];
    if (value === undefined) continue;
    if (typeof value !== 'string' || !NAME.test(value)) return `${name} must be 1 to 253 visible ASCII characters`;
    hint[name] = value;
  }
  Object.assign(hint, fixed);
  if (hint.source !== undefined && (!/^[a-z0-9-]{1,64}$/.test(hint.source) || (sources !== undefined && !sources.includes(hint.source)))) {
    return `unknown source ${JSON.stringify(hint.source.slice(0, 64))}${sources ? `; known: ${sources.join(', ')}` : ''}`;
  }
  if (query['mode'] !== undefined && query['mode'] !== 'backfill' && query['mode'] !== 'live') return 'mode is backfill or live';
  if (query['mode'] === 'backfill') hint.backfill = true;
  const encoding = encodingOf(request);
  if (encoding) hint.encoding = encoding;
  return hint;
}
