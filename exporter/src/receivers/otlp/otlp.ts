import type { Request, Response } from 'express';
import type { IngestHint, Receipt, RejectReason } from '@remit/contract';
import { refuseBytes, type Route } from '../../lib/http-route.ts';
import { inflate, InflateError } from '../../lib/inflate.ts';
import { deliver, encodingOf, isBusy, readHint, typeOf, WRONG_ENCODING, type ReceiverDeps } from '../../lib/receive.ts';
import type { Refuse, Upload } from '../../lib/upload.ts';
import { LOGS, TRACES, type Export } from './messages.ts';
import { encodeResponse, encodeStatus, transcode, UndecodableExport, type Transcoded } from './protobuf.ts';

/** Bytes that an export may inflate to. */
const INFLATED = 32 * 1024 * 1024;
/** Bytes that an export in protobuf may take as JSON. */
const AS_JSON = 128 * 1024 * 1024;
const PROTOBUF = 'application/x-protobuf';
const JSON_TYPE = 'application/json';

/**
 * `POST /v1/traces` and `POST /v1/logs`: OTLP over HTTP, in JSON or protobuf. Answers in the request's encoding: 200, with the
 * number of refused spans or log records as `partialSuccess`, once all others are durable; else a `Status`.
 */
export function otlpRoutes(deps: ReceiverDeps): Route[] {
  return ([['/v1/traces', TRACES], ['/v1/logs', LOGS]] as const).map(([path, form]) => ({
    method: 'POST', path, access: 'ingest', handle: (request, response) => take(request, response, deps, form),
  }));
}

async function take(request: Request, response: Response, deps: ReceiverDeps, form: Export): Promise<void> {
  const type = typeOf(request);
  const refuse: Refuse = (_request, _response, status, error) => sendStatus(request, response, type, status, error);
  if (type !== PROTOBUF && type !== JSON_TYPE) return refuse(request, response, 415, `send ${JSON_TYPE} or ${PROTOBUF}`);
  const encoding = encodingOf(request);
  if (encoding === null) return refuse(request, response, 415, WRONG_ENCODING);
  const read = readHint(request, 'otlp', deps.sources, {});
  if (typeof read === 'string') return refuse(request, response, 400, read);
  const { encoding: _inflatedHere, ...hint } = read;

  const upload = await deps.gate.take(request, response, refuse);
  if (upload === null) return;
  try {
    const result = await process(upload, encoding, type, form, hint, deps);
    if ('taken' in result) return send(response, type, form, result.rejected, result.message);
    if (result.retryAfter !== undefined) response.set('Retry-After', String(result.retryAfter));
    refuse(request, response, result.status, result.error);
  } finally {
    upload.release();
  }
}

type Failed = { status: number; error: string; retryAfter?: number };

async function process(
  upload: Upload, encoding: string, type: string, form: Export, hint: IngestHint, deps: ReceiverDeps,
): Promise<Failed | { taken: true; rejected: number; message: string }> {
  const body = await decode(upload, encoding, type, form, deps);
  if ('status' in body) return body;
  const pending = isEmptyExport(body.json) ? NOTHING : deliver(deps.ingest, body.json, hint);
  upload.release();
  const receipt = await pending;
  if (isBusy(receipt)) return receipt;
  if (isNoExport(receipt)) return { status: 400, error: `the body cannot be read: ${receipt.rejected[0]!.detail}` };
  let rejected = receipt.rejected_total;
  for (const each of body.rejected.values()) rejected += each;
  return { taken: true, rejected, message: rejected === 0 ? '' : explain(receipt, body.rejected, rejected, form) };
}

/** The export as JSON, or why it is none. What is refused here is counted here. */
async function decode(upload: Upload, encoding: string, type: string, form: Export, deps: ReceiverDeps): Promise<Transcoded | Failed> {
  const refused = (status: 400 | 413, reason: RejectReason, error: string): Failed => {
    deps.rejected?.(reason, 1);
    return { status, error };
  };
  try {
    const { bytes, truncated } = await inflate(upload.body, encoding, { inflatedBytes: INFLATED });
    if (truncated) return refused(400, 'truncated', 'the compressed body ends early');
    upload.hold(bytes.length);
    if (type === JSON_TYPE) return bytes.every((byte) => byte <= 0x20) ? refused(400, 'bad_json', 'the body is empty') : { json: bytes, rejected: new Map() };
    const transcoded = await transcode(bytes, form, AS_JSON);
    upload.hold(transcoded.json.length);
    for (const [reason, count] of transcoded.rejected) deps.rejected?.(reason, count);
    return transcoded;
  } catch (error) {
    if (!(error instanceof InflateError) && !(error instanceof UndecodableExport)) throw error;
    return refused(error.reason === 'too_large' ? 413 : 400, error.reason, error.message);
  }
}

const NOTHING: Receipt = { accepted: 0, duplicate: 0, start_record: 0, rejected: [], rejected_total: 0 };
const UNREADABLE: ReadonlySet<RejectReason> = new Set(['bad_json', 'bad_encoding', 'truncated']);

/** Nothing was taken, and nothing in it could be read: not spans that nobody cares about, which are no error of the sender's. */
function isNoExport({ accepted, duplicate, start_record, rejected, rejected_total }: Receipt): boolean {
  return accepted + duplicate + start_record === 0 && rejected_total > 0 && rejected.every(({ reason }) => UNREADABLE.has(reason));
}

function isEmptyExport(json: Uint8Array): boolean {
  return json.length === 0 || json.length <= 64 && /^\s*\{\s*("resource(Spans|Logs)"\s*:\s*\[\s*\]\s*)?\}\s*$/.test(Buffer.from(json).toString('latin1'));
}

/** Why spans were refused, in one sentence for the sender's log. */
function explain(receipt: Receipt, rejected: ReadonlyMap<RejectReason, number>, count: number, form: Export): string {
  const reasons = new Set<string>([...rejected.keys(), ...receipt.rejected.map(({ reason }) => reason)]);
  const first = receipt.rejected[0];
  return `${count} ${form.noun} were refused (${[...reasons].join(', ')})${first ? `; the first: ${first.detail}` : ''}`;
}

function send(response: Response, type: string, form: Export, rejected: number, errorMessage: string): void {
  const bytes = type === PROTOBUF ? encodeResponse(rejected, errorMessage)
    : Buffer.from(JSON.stringify(rejected === 0 ? {} : { partialSuccess: { [form.rejected]: String(rejected), errorMessage } }));
  // Express would add a charset, which the specification does not know.
  response.writeHead(200, { 'Content-Type': type, 'Content-Length': String(bytes.length) }).end(bytes);
}

/** Codes of `google.rpc.Code` by HTTP status. */
const CODES: Readonly<Record<number, number>> = { 400: 3, 408: 4, 413: 8, 415: 3, 429: 8, 503: 14 };

function sendStatus(request: Request, response: Response, type: string, status: number, message: string): void {
  const code = CODES[status] ?? 2;
  if (type === PROTOBUF) refuseBytes(request, response, status, PROTOBUF, encodeStatus(code, message));
  else refuseBytes(request, response, status, JSON_TYPE, Buffer.from(JSON.stringify({ code, message })));
}
