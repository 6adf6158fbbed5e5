/** How a field is written in OTLP/JSON: 64-bit numbers as decimal text, ids as hex, bytes as base64. */
export type Kind = 'text' | 'hex' | 'base64' | 'bool' | 'int32' | 'int64' | 'fixed64' | 'fixed32' | 'double' | Message;
export interface Field { name: string; kind: Kind; list?: true }
/** The fields that are read, by number; others are skipped. Of a `choice` the last field that is present counts. */
export interface Message { fields: Readonly<Record<number, Field>>; choice?: true }

/** The messages of `opentelemetry.proto.{trace,logs,common,resource}.v1` as far as records need them. */
const anyValue: Message = { choice: true, fields: {} };
const keyValue: Message = { fields: { 1: { name: 'key', kind: 'text' }, 2: { name: 'value', kind: anyValue } } };
anyValue.fields = {
  1: { name: 'stringValue', kind: 'text' }, 2: { name: 'boolValue', kind: 'bool' }, 3: { name: 'intValue', kind: 'int64' },
  4: { name: 'doubleValue', kind: 'double' }, 5: { name: 'arrayValue', kind: { fields: { 1: { name: 'values', kind: anyValue, list: true } } } },
  6: { name: 'kvlistValue', kind: { fields: { 1: { name: 'values', kind: keyValue, list: true } } } }, 7: { name: 'bytesValue', kind: 'base64' },
};

export const RESOURCE: Message = { fields: { 1: { name: 'attributes', kind: keyValue, list: true } } };
export const SCOPE: Message = {
  fields: { 1: { name: 'name', kind: 'text' }, 2: { name: 'version', kind: 'text' }, 3: { name: 'attributes', kind: keyValue, list: true } },
};

const status: Message = { fields: { 2: { name: 'message', kind: 'text' }, 3: { name: 'code', kind: 'int32' } } };
const link: Message = {
  fields: {
    1: { name: 'traceId', kind: 'hex' }, 2: { name: 'spanId', kind: 'hex' }, 3: { name: 'traceState', kind: 'text' },
    4: { name: 'attributes', kind: keyValue, list: true }, 6: { name: 'flags', kind: 'fixed32' },
  },
};

/** Without its events: they hold content, which nobody here reads. */
const SPAN: Message = {
  fields: {
    1: { name: 'traceId', kind: 'hex' }, 2: { name: 'spanId', kind: 'hex' }, 3: { name: 'traceState', kind: 'text' },
    4: { name: 'parentSpanId', kind: 'hex' }, 5: { name: 'name', kind: 'text' }, 6: { name: 'kind', kind: 'int32' },
    7: { name: 'startTimeUnixNano', kind: 'fixed64' }, 8: { name: 'endTimeUnixNano', kind: 'fixed64' },
    9: { name: 'attributes', kind: keyValue, list: true }, 10: { name: 'droppedAttributesCount', kind: 'int32' },
    13: { name: 'links', kind: link, list: true }, 15: { name: 'status', kind: status }, 16: { name: 'flags', kind: 'fixed32' },
  },
};
const LOG_RECORD: Message = {
  fields: {
    1: { name: 'timeUnixNano', kind: 'fixed64' }, 11: { name: 'observedTimeUnixNano', kind: 'fixed64' },
    2: { name: 'severityNumber', kind: 'int32' }, 3: { name: 'severityText', kind: 'text' }, 5: { name: 'body', kind: anyValue },
    6: { name: 'attributes', kind: keyValue, list: true }, 8: { name: 'flags', kind: 'fixed32' },
    9: { name: 'traceId', kind: 'hex' }, 10: { name: 'spanId', kind: 'hex' }, 12: { name: 'eventName', kind: 'text' },
  },
};

/** What is told apart between the two exports: the names of their lists, and of what is counted when it is refused. */
export interface Export { resources: string; scopes: string; items: string; item: Message; rejected: string; noun: string }
export const TRACES: Export = { resources: 'resourceSpans', scopes: 'scopeSpans', items: 'spans', item: SPAN, rejected: 'rejectedSpans', noun: 'spans' };
export const LOGS: Export = {
  resources: 'resourceLogs', scopes: 'scopeLogs', items: 'logRecords', item: LOG_RECORD, rejected: 'rejectedLogRecords', noun: 'log records',
};
