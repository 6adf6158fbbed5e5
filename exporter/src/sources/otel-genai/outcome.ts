import type { NhiEvent } from '@remit/contract';
import type { SpanAttributes } from './attributes.ts';
import type { Json } from './fields.ts';

const LONGEST_CODE = 128;
const ERROR = 2;
const OK = 1;
/** HTTP's, and what servers make of them in JSON-RPC, which has no codes for it. */
const REFUSALS: ReadonlySet<string> = new Set(['401', '403', '-32401', '-32403']);
/** PERMISSION_DENIED and UNAUTHENTICATED. */
const GRPC_REFUSALS: ReadonlySet<string> = new Set(['7', '16']);
/** In names of errors such as `PermissionError`, `AccessDeniedException`, `PERMISSION_DENIED`, `tool_call_denied`. */
const REFUSED = /permission|forbidden|denied|unauthori[sz]ed|unauthenticated|not[_. -]?authori[sz]ed|insufficient[_. -]?(?:scope|privilege)/i;

/**
 * How a call ended, from the span's status, `error.type`, what is said of the tool's result, and the codes of its protocol. The status
 * message is never looked at: tools put their output there. A span without an end and without a status proves nothing.
 */
export function outcomeOf(span: Json, attributes: SpanAttributes, ended: boolean): Pick<NhiEvent, 'status_id' | 'outcome' | 'status_code'> {
  const status = statusCode(span);
  const rpc = attributes.get('rpc.response.status_code') ?? attributes.get('rpc.jsonrpc.error_code');
  const type = attributes.get('error.type')?.slice(0, LONGEST_CODE);
  const grpc = attributes.get('rpc.grpc.status_code');
  const http = attributes.get('http.response.status_code');
  const denied = isRefusal(type) || isRefusal(rpc) || isRefusal(http) || (grpc !== undefined && GRPC_REFUSALS.has(grpc));
  const failed = denied || status === ERROR || type !== undefined || isError(rpc) || saysFailed(attributes);
  const code = type ?? (isError(rpc) ? rpc : undefined) ?? (denied ? grpc ?? http : undefined);
  const status_id = failed ? 2 : ended || status === OK ? 1 : 0;
  return { status_id, outcome: { denied }, ...(code === undefined ? {} : { status_code: code.slice(0, LONGEST_CODE) }) };
}

function isRefusal(code: string | undefined): boolean {
  return code !== undefined && (REFUSALS.has(code) || REFUSED.test(code));
}

/** Some leave the status unset and say it in an attribute: Strands Agents and AgentCore, Sentry's instrumentation of MCP servers. */
function saysFailed(attributes: SpanAttributes): boolean {
  return attributes.get('gen_ai.tool.status')?.toLowerCase() === 'error' || attributes.get('mcp.tool.result.is_error')?.toLowerCase() === 'true';
}

/** JSON-RPC tells an error by any code but 0. */
function isError(rpc: string | undefined): boolean {
  return rpc !== undefined && rpc !== '0' && rpc.toUpperCase() !== 'OK';
}

/** 0 unset, 1 ok, 2 error; some exporters write the name. */
function statusCode(span: Json): number {
  const status = span['status'];
  const code = typeof status === 'object' && status !== null ? (status as Json)['code'] : undefined;
  if (code === 'STATUS_CODE_ERROR' || code === ERROR || code === '2') return ERROR;
  return code === 'STATUS_CODE_OK' || code === OK || code === '1' ? OK : 0;
}
