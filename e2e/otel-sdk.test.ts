import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { context, SpanKind, SpanStatusCode, trace, type Attributes, type Span, type Tracer } from '@opentelemetry/api';
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, freePort } from '../tools/real/prometheus.ts';
import { ExporterProcess } from './support/exporter.ts';

// Spans of agents made and sent by the OpenTelemetry SDK itself, over the wire, into the exporter's own process.

const folder = mkdtempSync(join(tmpdir(), 'remit-otel-'));
const agent = (name: string) => `urn:nhi:agent:default:ai_agent/${name}`;
let exporter: ExporterProcess;

beforeAll(async () => {
  writeFileSync(join(folder, 'agents.yml'), `
owners: [{ team: support, enforce: true }]
tool_catalogue:
  - { name: read_file, category: file_storage, writes: false }
  - { name: post_message, category: messaging }
  - { name: create_ticket, category: ticketing }
identities:
${['json', 'protobuf'].flatMap((form) => ['stray', 'parallel', 'unfinished'].map((name) => `
  - urn: ${agent(`${name}-${form}`)}
    kind: ai_agent
    owner: support
    forbidden_transitions: ["file_storage -> messaging"]
    sequences: [{ name: triage, steps: [file_storage, "ticketing+"] }]`)).join('')}
`);
  exporter = new ExporterProcess(await freePort(), { 'inventory.path': join(folder, 'agents.yml'), 'storage.path': join(folder, 'storage'), 'log.level': 'warn' });
  await exporter.start();
}, 60_000);
afterAll(async () => {
  await exporter.end('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

const pause = (millis: number) => new Promise((resolve) => setTimeout(resolve, millis));

/** Work inside a span, which ends with it. */
async function within<T>(tracer: Tracer, name: string, kind: SpanKind, attributes: Attributes, parent: Span | null, work: (span: Span) => Promise<T>): Promise<T> {
  const span = tracer.startSpan(name, { kind, attributes }, parent ? trace.setSpan(context.active(), parent) : context.active());
  try {
    return await work(span);
  } finally {
    span.end();
  }
}
const invoke = (tracer: Tracer, name: string, work: (span: Span) => Promise<unknown>) => within(
  tracer, `invoke_agent ${name}`, SpanKind.INTERNAL, { 'gen_ai.operation.name': 'invoke_agent', 'gen_ai.agent.name': name, 'gen_ai.conversation.id': `talk-${name}` }, null, work,
);
/** A tool over MCP: the framework's span, the client's and the server's. */
const call = (tracer: Tracer, parent: Span, tool: string, failed = false) => within(
  tracer, `execute_tool ${tool}`, SpanKind.INTERNAL, { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': tool }, parent,
  (outer) => within(tracer, `tools/call ${tool}`, SpanKind.CLIENT, { 'mcp.method.name': 'tools/call', 'gen_ai.tool.name': tool, 'server.address': 'tools.example.org' }, outer,
    (client) => within(tracer, `tools/call ${tool}`, SpanKind.SERVER, { 'mcp.method.name': 'tools/call', 'gen_ai.tool.name': tool }, client, async (server) => {
      if (failed) server.setStatus({ code: SpanStatusCode.ERROR });
      await pause(5);
    })),
);

describe.each([['json', JsonExporter], ['protobuf', ProtobufExporter]] as const)('spans of the SDK as %s', (form, Exporter) => {
  /** What the run sends in one or several exports, children first, as the SDK's own processor does. */
  async function run(name: string, work: (tracer: Tracer, root: Span) => Promise<unknown>, batch: number): Promise<void> {
    const provider = new TracerProvider({
      spanProcessors: [new BatchSpanProcessor({ exporter: new Exporter({ url: `${exporter.url}/v1/traces` }), maxExportBatchSize: batch, scheduledDelayMillis: 20 })],
    });
    const tracer = provider.getTracer('agents');
    await invoke(tracer, `${name}-${form}`, (root) => work(tracer, root));
    await provider.shutdown();
  }
  const events = async (name: string) => {
    const answer = await fetch(`${exporter.url}/api/v1/identities?identity=${encodeURIComponent(agent(`${name}-${form}`))}`);
    return ((await answer.json()) as { items: { events: number }[] }).items[0]?.events ?? 0;
  };

  it('are judged end to end: a forbidden transition pages the owner once, however small the exports', async () => {
    await run('stray', async (tracer, root) => {
      await call(tracer, root, 'read_file');
      await call(tracer, root, 'create_ticket');
      await call(tracer, root, 'post_message');
    }, 2);
    await eventually('the calls', async () => (await events('stray')) === 3);
    const found = await exporter.findings(agent(`stray-${form}`));
    const critical = found.filter((f) => f.severity === 'critical');
    expect(critical.length).toBeGreaterThan(0);
    expect(new Set(critical.map((f) => `${f.detector} ${f.owner}`))).toEqual(new Set(['off-purpose-sequence support']));
    expect(critical.some((f) => f.observed.includes('post_message'))).toBe(true);
  });

  it('that run side by side have no order, and stay quiet', async () => {
    await run('parallel', async (tracer, root) => {
      await call(tracer, root, 'read_file');
      await Promise.all([call(tracer, root, 'create_ticket'), call(tracer, root, 'create_ticket', true)]);
    }, 512);
    await eventually('the calls', async () => (await events('parallel')) === 3);
    expect(await exporter.findings(agent(`parallel-${form}`))).toEqual([]);
    const identity = await fetch(`${exporter.url}/api/v1/events?identity=${encodeURIComponent(agent(`parallel-${form}`))}`);
    const { items } = (await identity.json()) as { items: { tool: { name: string }; actor: { identity: { urn: string } } }[] };
    expect(new Set(items.map((e) => e.actor.identity.urn))).toEqual(new Set([agent(`parallel-${form}`)]));
  });

  it('that end after the first step are a beginning of what is approved, and stay quiet', async () => {
    await run('unfinished', async (tracer, root) => { await call(tracer, root, 'read_file'); }, 1);
    await eventually('the call', async () => (await events('unfinished')) === 1);
    expect(await exporter.findings(agent(`unfinished-${form}`))).toEqual([]);
  });
});
