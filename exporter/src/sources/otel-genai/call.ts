import { RejectedRecord } from '@remit/contract';
import type { ResourceAttributes, SpanAttributes } from './attributes.ts';
import { text } from './fields.ts';
import { sortOf, type Sort } from './spellings.ts';

/** What a tool call calls. */
export interface Call {
  /** The tool's own name; `resource:read` and `prompt:get` for what MCP servers offer beside tools. */
  tool: string;
  /** Empty when no server is told. */
  server: string;
  /** The MCP method; empty where no MCP is involved. */
  method: string;
  permission: string;
  /** The resource or prompt that was asked for; empty for tools. */
  target: string;
}

const LONGEST_NAME = 256;
const EXECUTE = 'execute_tool';
/** Gemini CLI's word for it. */
const TOOL_CALL = 'tool_call';
/** The one span that Claude Code makes around a tool; waiting for a person and the run itself are spans below it. */
const CLAUDE_CODE = 'claude_code.tool';
/** Before a tool of an MCP server in Claude Code: `mcp__server__tool`. */
const CLAUDE_MCP = 'mcp__';
const READ_RESOURCE = 'resources/read';
const GET_PROMPT = 'prompts/get';
const STANDS_FOR: ReadonlyMap<string, string> = new Map([[READ_RESOURCE, 'resource:read'], [GET_PROMPT, 'prompt:get']]);
const OWN_NAMES: ReadonlySet<string> = new Set(STANDS_FOR.values());

/**
 * The call that the span describes, in any of the spellings; null for every other span. Throws `RejectedRecord` for a call that
 * does not say of what.
 */
export function callOf(span: SpanAttributes, spanName: string, side: 'client' | 'server' | 'other', resource: ResourceAttributes): Call | null {
  const method = span.get('mcp.method.name') ?? '';
  if (method !== '') return mcpCall(method, span, spanName, side, resource);
  const known = sortOf(span);
  if (!isToolCall(span, known)) return known === undefined && spanName === CLAUDE_CODE ? claudeCall(span) : null;
  const tool = nameOf(span) ?? (known?.name || undefined) ?? afterFirstWord(spanName, EXECUTE);
  if (tool === '') throw new RejectedRecord('missing_field', 'gen_ai.tool.name');
  return toolCall(serverNamed(span), tool);
}

function toolCall(server: string, tool: string): Call {
  return { tool: distinct(tool), server, method: '', permission: 'tool:' + path(server, tool), target: '' };
}

/** By server and tool, so that the server's own span of the call is known for the same. */
function claudeCall(span: SpanAttributes): Call | null {
  const name = span.get('tool_name');
  if (name === undefined || span.get('gen_ai.operation.name') !== undefined) return null;
  const end = name.startsWith(CLAUDE_MCP) ? name.indexOf('__', CLAUDE_MCP.length) : -1;
  if (end <= CLAUDE_MCP.length || end + 2 === name.length) return toolCall(serverNamed(span), name);
  return toolCall(serverNamed(span) || name.slice(CLAUDE_MCP.length, end), name.slice(end + 2));
}

function mcpCall(method: string, span: SpanAttributes, spanName: string, side: 'client' | 'server' | 'other', resource: ResourceAttributes): Call | null {
  // FastMCP's own hop to a mounted server is a part of the call around it.
  if (span.get('fastmcp.provider.type') !== undefined) return null;
  const server = serverNamed(span) || (side === 'server' ? resource.get('service.name') ?? '' : peerOf(span));
  if (method === 'tools/call') {
    const tool = nameOf(span) ?? component(span.get('fastmcp.component.key')) ?? afterFirstWord(spanName, method);
    if (tool === '') throw new RejectedRecord('missing_field', 'gen_ai.tool.name');
    return { tool: distinct(tool), server, method, permission: 'mcp:tools/call:' + path(server, tool), target: '' };
  }
  const stands = STANDS_FOR.get(method);
  if (stands === undefined) return null;
  const target = method === GET_PROMPT ? span.get('gen_ai.prompt.name') ?? afterFirstWord(spanName, method) : bare(span.get('mcp.resource.uri') ?? '');
  return { tool: stands, server, method, permission: 'mcp:' + method + ':' + path(server, target === '' ? '*' : target), target };
}

/** Whether a span that is not MCP's is a tool call. */
function isToolCall(span: SpanAttributes, known: Sort | undefined): boolean {
  const operation = span.get('gen_ai.operation.name');
  // An operation of another name may carry a tool's without calling it.
  if (operation !== undefined) return operation === EXECUTE || (operation === TOOL_CALL && span.get('gen_ai.tool.name') !== undefined);
  if (known !== undefined) return known.sort === 'tool';
  // Some name the tool without an operation; a span of another kind does not name one.
  return span.get('ai.operationId') === 'ai.toolCall' || (span.get('gen_ai.tool.name') !== undefined && span.get('ai.operationId') === undefined);
}

function nameOf(span: SpanAttributes): string | undefined {
  return span.get('gen_ai.tool.name') ?? span.get('ai.toolCall.name')
    ?? (span.get('openinference.span.kind') !== undefined ? span.get('tool.name') : undefined)
    ?? (span.get('traceloop.span.kind') === 'tool' ? span.get('traceloop.entity.name') : undefined);
}

/** `greet` of `tool:greet@1.0`, or of `greet`. */
function component(key: string | undefined): string | undefined {
  if (key === undefined) return undefined;
  const start = key.startsWith('tool:') ? 5 : 0;
  const end = key.lastIndexOf('@');
  return key.slice(start, end > start ? end : undefined) || undefined;
}

/** What follows `execute_tool ` or the method in the name of a span; the whole name where it begins otherwise. */
function afterFirstWord(spanName: string, word: string): string {
  if (spanName === word) return '';
  return text(spanName.startsWith(word + ' ') ? spanName.slice(word.length + 1).trim() : spanName, LONGEST_NAME);
}

function serverNamed(span: SpanAttributes): string {
  return span.get('mcp.server.name') ?? span.get('fastmcp.server.name') ?? '';
}

/** The other side as the client knows it: the name that its configuration gives it, else the address. */
function peerOf(span: SpanAttributes): string {
  const named = span.get('service.peer.name') ?? span.get('peer.service');
  if (named !== undefined) return named;
  const address = (span.get('server.address') ?? '').toLowerCase();
  return address.endsWith('.') ? address.slice(0, -1) : address;
}

/** A URI without what may hold secrets: user, query and fragment. */
function bare(uri: string): string {
  const end = uri.search(/[?#]/);
  const kept = end < 0 ? uri : uri.slice(0, end);
  const host = kept.indexOf('://') + 3;
  if (host < 3) return kept;
  const slash = kept.indexOf('/', host);
  const at = kept.lastIndexOf('@', slash < 0 ? kept.length : slash);
  return at < host ? kept : kept.slice(0, host) + kept.slice(at + 1);
}

/** A tool that is called like one of our own names is told apart. */
function distinct(tool: string): string {
  return OWN_NAMES.has(tool) ? tool.replace(':', '%3A') : tool;
}

/** `server/tool`; the first slash always ends the server, and without a server there is none. */
function path(server: string, tool: string): string {
  return server === '' ? escaped(tool) : escaped(server) + '/' + tool;
}

function escaped(name: string): string {
  return name.includes('/') || name.includes('%') ? name.replaceAll('%', '%25').replaceAll('/', '%2F') : name;
}
