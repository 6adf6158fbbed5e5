import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { setImmediate as breathe } from 'node:timers/promises';
import type { RejectReason } from '@remit/contract';
import { RESOURCE, SCOPE, type Export, type Field, type Kind, type Message } from './messages.ts';

/** A body that is no OTLP export, or one whose JSON would be longer than the limit. */
export class UndecodableExport extends Error {
  readonly reason: 'bad_encoding' | 'too_large';
  constructor(reason: 'bad_encoding' | 'too_large', detail: string) {
    super(detail);
    this.reason = reason;
  }
}

/** An export as lines of OTLP/JSON, and how many of its spans or log records could not be read, by reason. */
export interface Transcoded { json: Buffer; rejected: Map<RejectReason, number> }

/** Messages inside one another in one span or log record. */
const DEEPEST = 64;
/** Spans between two breaths: a turn of the loop stays within a few milliseconds. */
const SLICE = 100;
/** Bytes of a line, about; far below what a record may have. */
const LINE = 256 << 10;
const TAIL = ']}]}]}\n';
/** Text gathered before it becomes bytes. */
const FLUSH = 1 << 20;

/**
 * Writes an export request in protobuf as OTLP/JSON, by line, of at most `limit` bytes, in slices that leave the loop free. A span that
 * cannot be read costs only itself. Throws `UndecodableExport` when the frame around the spans, a resource or a scope is broken.
 */
export async function transcode(body: Uint8Array, form: Export, limit: number): Promise<Transcoded> {
  const rejected = new Map<RejectReason, number>();
  const chunks: Buffer[] = [];
  let text = '';
  let size = 0;
  let items = 0;
  const flush = (): void => {
    const bytes = Buffer.from(text);
    text = '';
    size += bytes.length;
    if (size > limit) throw new UndecodableExport('too_large', `more than ${limit} bytes as JSON`);
    chunks.push(bytes);
  };
  try {
    for (const piece of exportPieces(body, form, rejected)) {
      text += piece;
      if (text.length > FLUSH) flush();
      if (++items % SLICE === 0) await breathe();
    }
  } catch (error) {
    if (error instanceof UndecodableExport) throw error;
    throw new UndecodableExport('bad_encoding', `no OTLP export in protobuf: ${(error as Error).message}`.slice(0, 300));
  }
  flush();
  return { json: chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size), rejected };
}

/** Text by text: lines that each are an export, short enough to be parsed at once. Empty texts give the loop its turn. */
function* exportPieces(body: Uint8Array, form: Export, rejected: Map<RejectReason, number>): Generator<string, void> {
  for (const resource of nested(body, 1)) {
    yield '';
    const shared = `{"${form.resources}":[{"resource":${JSON.stringify(single(resource, 1, RESOURCE))},"${form.scopes}":[{"scope":`;
    for (const scope of nested(resource, 2)) {
      yield '';
      const head = `${shared}${JSON.stringify(single(scope, 1, SCOPE))},"${form.items}":[`;
      // What the lines share is repeated, so it must be little beside what they hold.
      const longest = head.length < LINE / 8 ? LINE : Infinity;
      let line = 0;
      for (const item of nested(scope, 2)) {
        const value = tolerant(item, form.item, rejected);
        if (value === null) {
          yield '';
          continue;
        }
        const text = JSON.stringify(value);
        const fits = line > 0 && line + text.length < longest;
        yield fits ? `,${text}` : `${line > 0 ? TAIL : ''}${head}${text}`;
        line = fits ? line + text.length : text.length;
      }
      if (line > 0) yield TAIL;
    }
  }
}

/** The length-delimited values of one field, in order. */
function* nested(bytes: Uint8Array, number: number): Generator<Uint8Array, void> {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, wire] = reader.tag();
    if (field === number && wire === WireType.LengthDelimited) yield reader.bytes();
    else reader.skip(wire, field);
  }
}

/** The last value of a field that holds one message; an empty object when there is none. */
function single(bytes: Uint8Array, number: number, message: Message): object {
  let last: Uint8Array | null = null;
  for (const value of nested(bytes, number)) last = value;
  return last === null ? {} : whole(last, message);
}

function tolerant(bytes: Uint8Array, message: Message, rejected: Map<RejectReason, number>): object | null {
  try {
    return whole(bytes, message);
  } catch (error) {
    const reason = error instanceof TooDeep ? 'too_deep' : 'bad_encoding';
    rejected.set(reason, (rejected.get(reason) ?? 0) + 1);
    return null;
  }
}

function whole(bytes: Uint8Array, message: Message): object {
  return read(new BinaryReader(bytes), bytes.length, message, 0);
}

class TooDeep extends Error {}

/** Reads one message that ends at this position. One reader serves all messages inside: making one costs more than reading most. */
function read(reader: BinaryReader, end: number, message: Message, depth: number): object {
  if (end > reader.len) throw new RangeError('it ends early');
  if (depth > DEEPEST) throw new TooDeep(`more than ${DEEPEST} messages inside one another`);
  let out: Record<string, unknown> = {};
  while (reader.pos < end) {
    const [number, wire] = reader.tag();
    const field: Field | undefined = message.fields[number];
    if (field === undefined || wire !== wireOf(field.kind)) {
      reader.skip(wire, number);
      continue;
    }
    const value = readValue(reader, field.kind, depth);
    if (field.list) ((out[field.name] ??= []) as unknown[]).push(value);
    else if (message.choice) out = { [field.name]: value };
    else out[field.name] = value;
  }
  if (reader.pos !== end) throw new RangeError('a value goes on beyond its message');
  return out;
}

function readValue(reader: BinaryReader, kind: Kind, depth: number): unknown {
  if (typeof kind === 'object') {
    const length = reader.uint32();
    return read(reader, reader.pos + length, kind, depth + 1);
  }
  switch (kind) {
    case 'text': return reader.string(true);
    case 'hex': return bufferOf(reader.bytes()).toString('hex');
    case 'base64': return bufferOf(reader.bytes()).toString('base64');
    case 'bool': return reader.bool();
    case 'int32': return reader.int32();
    case 'int64': return String(reader.int64());
    case 'fixed64': return String(reader.fixed64());
    case 'fixed32': return reader.fixed32();
    case 'double': return number(reader.double());
  }
}

/** JSON has no words for these; its protobuf mapping writes them as text. */
function number(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function wireOf(kind: Kind): WireType {
  if (kind === 'bool' || kind === 'int32' || kind === 'int64') return WireType.Varint;
  if (kind === 'fixed64' || kind === 'double') return WireType.Bit64;
  return kind === 'fixed32' ? WireType.Bit32 : WireType.LengthDelimited;
}

/** `ExportTraceServiceResponse` or `ExportLogsServiceResponse`: empty when all were taken. */
export function encodeResponse(rejected: number, message: string): Uint8Array {
  const writer = new BinaryWriter();
  if (rejected > 0) {
    writer.tag(1, WireType.LengthDelimited).fork().tag(1, WireType.Varint).int64(rejected).tag(2, WireType.LengthDelimited).string(message).join();
  }
  return writer.finish();
}

/** `google.rpc.Status`. */
export function encodeStatus(code: number, message: string): Uint8Array {
  return new BinaryWriter().tag(1, WireType.Varint).int32(code).tag(2, WireType.LengthDelimited).string(message).finish();
}
