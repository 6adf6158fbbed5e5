import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { HiddenValues } from '../../exporter/src/lib/tool-arguments.ts';
import { source } from '../../exporter/src/sources/otel-genai/source.ts';
import { convert, type Choice, type Counts } from '../agents-to-otlp.ts';
import type { OtlpRequest } from './convert.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const data = join(root, 'examples/data/agents');
const scratch = mkdtempSync(join(tmpdir(), 'agents-to-otlp-'));
afterAll(() => { rmSync(scratch, { recursive: true }); });

const START = Date.parse('2026-11-02T08:00:00Z');
const times = { start: START, every: 60_000, step: 2000, lasts: 1000 };
const all: Choice = { benign: false, hijacked: false, suite: undefined, limit: Infinity };

async function converted(input: string, choice: Partial<Choice> = {}): Promise<{ runs: OtlpRequest[]; counts: Counts }> {
  const counts: Counts = { read: 0, written: 0, leftOut: 0 };
  const runs: OtlpRequest[] = [];
  for await (const line of convert(input, { ...all, ...choice }, times, counts)) runs.push(JSON.parse(line) as OtlpRequest);
  return { runs, counts };
}

function file(name: string, ...lines: unknown[]): string {
  const path = join(scratch, name);
  writeFileSync(path, lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'));
  return path;
}

const dojo = { path: 'runs/m/banking/user_task_1/none/none.json', suite: 'banking', pipeline: 'm', user_task: 'user_task_1', injection_task: null, attack: null, utility: true, security: true, error: false };
const calls = [{ tool: 'get_balance', args: { secret: 'never to be kept' }, ok: true }, { tool: 'send_money', args: {}, ok: false }];

describe('agents-to-otlp', () => {
  it('makes a run a trace that the source reads: an agent, and its calls in order', async () => {
    const { runs } = await converted(file('dojo.jsonl', { ...dojo, calls }));
    const { resource, scopeSpans: [scoped] } = runs[0]!.resourceSpans[0]!;
    const events = scoped!.spans.flatMap((span) => source.normalise({ resource, scope: scoped!.scope, span }, { feed: 't', cluster: '', receivedAt: 0, values: new HiddenValues(new Uint8Array(8)) }));
    expect(events.map((event) => [event.tool?.name, event.time - START, event.end_time! - START, event.status_id, event.actor.identity.resolution])).toEqual([
      ['get_balance', 2000, 3000, 1, 'trace'], ['send_money', 4000, 5000, 2, 'trace'], [undefined, 0, 6000, 1, 'derived'],
    ]);
    expect(events.map((event) => event.trace?.span?.parent_uid)).toEqual([events[2]!.trace?.span?.uid, events[2]!.trace?.span?.uid, undefined]);
    expect(events[2]).toMatchObject({
      actor: { identity: { urn: 'urn:nhi:agent:agentdojo:ai_agent/banking' }, session: { uid: dojo.path } }, purpose_uid: 'banking/user_task_1', ai_agent: { name: 'banking' },
    });
    expect(events[0]!.tool?.arguments).toEqual([{ path: 'secret', hash: expect.any(Number) as number }]);
    expect(JSON.stringify(events)).not.toContain('never to be kept');
  });

  it('reads tau-bench, which names no suite and tells no outcome', async () => {
    const { runs } = await converted(file('tau.jsonl', { task_id: 3, trial: 1, reward: 1, calls: [{ tool: 'think', args: {} }] }, { task_id: 4, trial: 0, reward: 0, calls: [] }), { benign: true });
    expect(runs).toHaveLength(1);
    const [call, agent] = runs[0]!.resourceSpans[0]!.scopeSpans[0]!.spans;
    expect(call).toMatchObject({ name: 'execute_tool think', status: {} });
    expect(agent?.attributes).toContainEqual({ key: 'remit.purpose', value: { stringValue: 'airline/task_3' } });
  });

  it('converts the shipped runs, each with ids of its own, the same every time', async () => {
    const { runs, counts } = await converted(join(data, 'agentdojo-benign.jsonl.gz'), { benign: true });
    expect(counts).toEqual({ read: 1208, written: 1208, leftOut: 0 });
    const spans = runs.flatMap((run) => run.resourceSpans[0]!.scopeSpans[0]!.spans);
    expect(new Set(spans.map((span) => span.traceId)).size).toBe(1208);
    expect(new Set(spans.map((span) => span.spanId)).size).toBe(spans.length);
    expect((await converted(join(data, 'agentdojo-benign.jsonl.gz'))).runs).toEqual(runs);
    expect((await converted(join(data, 'agentdojo-benign.jsonl.gz'), { suite: 'banking' })).counts).toEqual({ read: 1208, written: 230, leftOut: 978 });
    const hijacked = await converted(join(data, 'agentdojo-hijacked.jsonl.gz'), { hijacked: true, limit: 5 });
    expect(hijacked.counts.written).toBe(5);
    expect((await converted(join(data, 'agentdojo-hijacked.jsonl.gz'), { benign: true })).runs).toEqual([]);
  });

  it('names the line that is no run', async () => {
    await expect(converted(file('bad.jsonl', { ...dojo, calls }, '{"calls":[{}]}'))).rejects.toThrow(/bad\.jsonl:2: no run/);
    await expect(converted(file('cut.jsonl', '{"calls":['))).rejects.toThrow(/cut\.jsonl:1: /);
    await expect(converted(join(scratch, 'absent.jsonl.gz'))).rejects.toThrow(/ENOENT/);
  });

  it('is a program that writes a file and says what it did', async () => {
    const run = promisify(execFile);
    const tool = join(root, 'tools/agents-to-otlp.ts');
    const input = file('two.jsonl', { ...dojo, calls }, { ...dojo, path: 'x', error: true, calls });
    const output = join(scratch, 'out.jsonl.gz');
    const { stderr } = await run(process.execPath, [tool, input, output, '--benign', '--start', '2026-01-01T00:00:00Z', '--step', '0.5']);
    expect(stderr).toBe('2 runs read, 1 written, 1 left out\n');
    expect((await converted(file('again.jsonl', { ...dojo, calls }))).runs).toHaveLength(1);
    expect((await run(process.execPath, [tool, '--help'])).stdout).toContain('--benign');
    await expect(run(process.execPath, [tool, input, '--step', 'x'])).rejects.toThrow(/no number of seconds/);
  });
});
