import { constants, gunzipSync, zstdDecompressSync } from 'node:zlib';
import type { RejectReason } from '@remit/contract';
import { isGzip, isZstd } from './inflate.ts';
import { isOtlpList, unwrapOtlp, type OtlpTarget } from './otlp.ts';

type Json = Readonly<Record<string, unknown>>;

/** Envelopes inside one another, for example Firehose over CloudWatch over EventBridge; more is refused as too deep. */
export const DEEPEST_ENVELOPE = 8;
/** Inflated bytes of one payload inside an envelope: these are inflated on the spot, so they are kept small. */
const LARGEST_PAYLOAD = 16 * 1024 * 1024;

/** What becomes of the content of envelopes. */
export interface Unwrapped {
  record(value: Json): void;
  /** The value at hand is known not to be too deep; not so what is parsed out of a text in it. */
  shallow: boolean;
  reject(reason: RejectReason, detail: string): void;
  /** A body inside the body: text or inflated bytes that may hold several values. */
  body(bytes: Buffer, level: number): void;
  /** Takes this many inflated bytes from what the body may still inflate to; false when that is used up. */
  takeInflated(bytes: number): boolean;
  readonly inflatable: number;
  readonly maxRecordBytes: number;
}

/**
 * Takes a parsed value out of its envelopes and hands on what is inside, in order: lists, CloudTrail and SQS `Records`,
 * Azure and Firehose `records`, Kubernetes and Google `items`, CloudWatch `logEvents`, `Events` of CloudTrail's LookupEvents, SNS, SQS, EventBridge, Pub/Sub,
 * CloudEvents, Splunk HEC, Okta hooks, OTLP `resourceSpans` and `resourceLogs`. What is no known envelope is a record itself. Notes of the transport that carry no
 * event (CloudWatch control messages, CloudTrail digests) give nothing.
 */
export function unwrap(value: unknown, level: number, to: Unwrapped): void {
  if (typeof value !== 'object' || value === null) return to.reject('unknown_shape', 'not a JSON object');
  if (level > DEEPEST_ENVELOPE) return to.reject('too_deep', `more than ${DEEPEST_ENVELOPE} envelopes inside one another`);
  if (Array.isArray(value)) {
    for (const item of value) unwrap(item, level + 1, to);
    return;
  }
  const it = value as Json;
  if (typeof it['auditID'] === 'string' || typeof it['eventVersion'] === 'string') return to.record(it);
  for (const key of LIST_KEYS) {
    const list = it[key];
    if (!Array.isArray(list) || !isListKey(key, it['kind'])) continue;
    if (it['messageType'] === 'CONTROL_MESSAGE') return;
    for (const item of list) unwrapItem(key, item, level + 1, to);
    return;
  }
  if (typeof it['digestStartTime'] === 'string' && 'digestS3Bucket' in it) return;
  if (!single(it, level, to)) to.record(it);
}

/** Like `unwrap`, for one element of the list under a key for which `isListKey` holds. */
export function unwrapItem(key: string, item: unknown, level: number, to: Unwrapped): void {
  if (isOtlpList(key)) return unwrapOtlp(key, item, otlpTarget(level, to));
  if (isObject(item)) {
    if (key === 'logEvents' && typeof item['message'] === 'string') return text(item['message'], level, to);
    if (key === 'records' && typeof item['data'] === 'string' && hasOnly(item, FIREHOSE)) return decode(item['data'], level, to);
  }
  unwrap(item, level, to);
}

function otlpTarget(level: number, to: Unwrapped): OtlpTarget {
  return {
    record: (value) => to.record(value), value: (value) => unwrap(value, level + 1, to), text: (payload) => text(payload, level, to),
    base64: (encoded) => decode(encoded, level, to), reject: (reason, detail) => to.reject(reason, detail),
  };
}

const LIST_KEYS = ['Records', 'records', 'items', 'logEvents', 'receivedMessages', 'Messages', 'Events', 'resourceSpans', 'resourceLogs'] as const;
/**
 * `EventList` is Kubernetes'; `admin#reports#activities` Google's, whose items stay whole though each may hold several events.
 */
const LISTS_OF_ITEMS: ReadonlySet<unknown> = new Set(['EventList', 'admin#reports#activities']);

/** True when a list under this key, in an object of this `kind`, holds the object's records. */
export function isListKey(key: string, kind: unknown): boolean {
  return key === 'items' ? LISTS_OF_ITEMS.has(kind) : (LIST_KEYS as readonly string[]).includes(key);
}

/** Envelopes around one payload. False when the object is none. */
function single(it: Json, level: number, to: Unwrapped): boolean {
  const payload = json(it) ?? hec(it);
  if (payload !== undefined) {
    if (typeof payload === 'string') text(payload, level, to);
    else unwrap(payload, level + 1, to);
    return true;
  }
  const lines = answerOf(it);
  if (lines !== undefined) {
    for (const line of lines) text(line, level, to);
    return true;
  }
  const encoded = base64(it);
  if (encoded === undefined) return false;
  decode(encoded, level, to);
  return true;
}

/** The payload of an envelope that carries JSON, as an object or as text. */
function json(it: Json): unknown {
  if (typeof it['CloudTrailEvent'] === 'string') return it['CloudTrailEvent'];
  if ('detail-type' in it && isObject(it['detail'])) return it['detail'];
  if (it['Type'] === 'Notification' && typeof it['Message'] === 'string') return it['Message'];
  if (typeof it['body'] === 'string' && ('messageId' in it || 'receiptHandle' in it)) return it['body'];
  if (typeof it['Body'] === 'string' && ('MessageId' in it || 'ReceiptHandle' in it)) return it['Body'];
  if (isObject(it['Sns']) && typeof it['Sns']['Message'] === 'string') return it['Sns']['Message'];
  if (typeof it['specversion'] === 'string' && (isObject(it['data']) || typeof it['data'] === 'string')) return it['data'];
  // Text as Azure writes it, an object where a forwarder has parsed it.
  if (isObject(it['properties']) && 'category' in it && (typeof it['properties']['log'] === 'string' || isObject(it['properties']['log']))) return it['properties']['log'];
  if (isObject(it['data']) && Array.isArray(it['data']['events']) && typeof it['eventType'] === 'string') return it['data']['events'];
  return undefined;
}

const HEC = new Set(['event', 'time', 'host', 'source', 'sourcetype', 'index', 'fields']);

/** Splunk HEC wraps by a key that many sources use for themselves, so every other key must be HEC's too. */
function hec(it: Json): unknown {
  const event = it['event'];
  if (event === undefined || event === null) return undefined;
  return hasOnly(it, HEC) ? event : undefined;
}

/** The lines in what CloudWatch Logs answers to `filter-log-events` and `get-log-events`. */
function answerOf(it: Json): string[] | undefined {
  const list: unknown = it['events'];
  const first: unknown = Array.isArray(list) ? list[0] : undefined;
  if (!isObject(first) || typeof first['message'] !== 'string' || !('ingestionTime' in first)) return undefined;
  return (list as unknown[]).map((item) => (isObject(item) && typeof item['message'] === 'string' ? item['message'] : ''));
}

/** The payload of an envelope that carries base64. */
function base64(it: Json): string | undefined {
  if (typeof it['data_base64'] === 'string' && typeof it['specversion'] === 'string') return it['data_base64'];
  const inner = it['message'] ?? it['kinesis'] ?? it['awslogs'];
  return isObject(inner) && typeof inner['data'] === 'string' ? inner['data'] : undefined;
}

const FIREHOSE = new Set(['data', 'recordId', 'approximateArrivalTimestamp', 'kinesisRecordMetadata']);

function text(payload: string, level: number, to: Unwrapped): void {
  const first = payload.trimStart()[0];
  if (first !== '{' && first !== '[') return to.reject('unknown_shape', 'text inside an envelope is not JSON');
  let value: unknown;
  try {
    if (payload.length <= to.maxRecordBytes) value = JSON.parse(payload);
  } catch {
    // Several values, or a broken one: the reader of bodies knows what to do.
  }
  to.shallow = false;
  if (value === undefined) to.body(Buffer.from(payload), level + 1);
  else unwrap(value, level + 1, to);
}

function decode(encoded: string, level: number, to: Unwrapped): void {
  let bytes = Buffer.from(encoded, 'base64');
  if (bytes.length === 0 && encoded !== '') return to.reject('bad_encoding', 'not base64');
  const gzip = isGzip(bytes);
  if (gzip || isZstd(bytes)) {
    const maxOutputLength = Math.min(LARGEST_PAYLOAD, to.inflatable);
    if (maxOutputLength === 0) return to.reject('too_large', 'the body has inflated to its limit');
    try {
      bytes = gzip ? gunzipSync(bytes, { maxOutputLength, finishFlush: constants.Z_SYNC_FLUSH }) : zstdDecompressSync(bytes, { maxOutputLength });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ERR_BUFFER_TOO_LARGE') return to.reject('bad_encoding', 'a compressed payload is corrupt');
      to.takeInflated(maxOutputLength);
      return to.reject('too_large', `a compressed payload inflates to more than ${maxOutputLength} bytes`);
    }
  }
  if (!to.takeInflated(bytes.length)) return to.reject('too_large', 'the body has inflated to its limit');
  to.body(bytes, level + 1);
}

function hasOnly(it: Json, keys: ReadonlySet<string>): boolean {
  for (const key in it) if (!keys.has(key)) return false;
  return true;
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
