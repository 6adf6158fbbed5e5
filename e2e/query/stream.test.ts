import { connect } from 'node:net';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Finding, FindingChange, StreamLine } from '@remit/contract';
import type { StreamLimits } from '../../exporter/src/api/query/stream.ts';
import { Bench } from '../support/bench.ts';
import { Asked } from '../support/query.ts';

let bench: Bench;
let asked: Asked;
beforeEach(async () => { bench = await new Bench().open(); });
afterEach(() => asked.end());

const open = async (limits: Partial<StreamLimits> = {}) => { asked = await new Asked(bench, limits).open(); };
let made = 0;
const change = (finding: Partial<Finding> = {}): FindingChange => ({
  change: 'opened', page: false, finding: {
    id: String(++made).padStart(32, '0'), revision: 1, identity: 'urn:nhi:aws:1:role/a', kind: 'workload', class: 'remit', detector: 'outside-schedule', subject: 's', bucket: 'b', state: 'open',
    severity: 'critical', owner: 'data', purpose: null, reason: 'r', expected: 'e', observed: 'o', first: 1, last: 2, count: 1, evidence: [], also: [], provisional: false, opened_at: made, updated_at: made, ...finding,
  },
});

/** A stream that is read line by line. */
class Listened {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #rest = '';
  readonly status: number;
  readonly headers: Headers;
  constructor(response: Response) {
    this.status = response.status;
    this.headers = response.headers;
    this.#reader = response.body!.getReader();
  }
  static async to(query = ''): Promise<Listened> { return new Listened(await fetch(`${asked.listening.url}/api/v1/findings/stream${query}`)); }
  /** Null at the end. */
  async line(): Promise<StreamLine | null> {
    while (!this.#rest.includes('\n')) {
      const { value, done } = await this.#reader.read();
      if (done) return null;
      this.#rest += Buffer.from(value).toString();
    }
    const end = this.#rest.indexOf('\n');
    const line = JSON.parse(this.#rest.slice(0, end)) as StreamLine;
    this.#rest = this.#rest.slice(end + 1);
    return line;
  }
  async lines(n: number): Promise<StreamLine[]> {
    const lines: StreamLine[] = [];
    while (lines.length < n) lines.push((await this.line())!);
    return lines;
  }
  cancel(): Promise<void> { return this.#reader.cancel(); }
}
const idOf = (line: StreamLine) => (line.type === 'finding' ? line.finding.id : line.type);

describe('the stream of findings', () => {
  it('tells changes as they happen, those that the filters let through', async () => {
    await open();
    const stream = await Listened.to('?filter=severity%3Dcritical&filter=owner!%3Dbots');
    expect(stream.headers.get('content-type')).toContain('application/x-ndjson');
    expect(await stream.line()).toMatchObject({ type: 'hello', heartbeat: 15_000 });
    const changes = [change(), change({ severity: 'info' }), change({ owner: 'bots' }), change({ state: 'resolved' })];
    asked.hub.publish(changes);
    expect((await stream.lines(2)).map(idOf)).toEqual([changes[0]!.finding.id, changes[3]!.finding.id]);
    await stream.cancel();
    await expect.poll(() => asked.ended).toEqual(['gone']);
  });

  it('goes on where it was left, and says so when it cannot', async () => {
    await open({ remembered: 3 });
    const first = await Listened.to();
    const { cursor: begun } = (await first.line()) as { cursor: string };
    const changes = Array.from({ length: 3 }, () => change());
    asked.hub.publish(changes);
    const lines = await first.lines(3);
    const again = await Listened.to(`?cursor=${(lines[0] as { cursor: string }).cursor}`);
    expect((await again.lines(3)).map(idOf)).toEqual(['hello', changes[1]!.finding.id, changes[2]!.finding.id]);
    asked.hub.publish(Array.from({ length: 7 }, () => change()));
    const late = await Listened.to(`?cursor=${begun}`);
    expect(await late.lines(2)).toMatchObject([{ type: 'hello', cursor: begun }, { type: 'gap', reason: 'cursor_too_old' }]);
    const other = await Listened.to('?cursor=00000000.5.7');
    expect(await other.lines(2)).toMatchObject([{ type: 'hello' }, { type: 'gap', reason: 'restarted' }]);
    for (const stream of [first, again, late, other]) await stream.cancel();
  });

  it('beats while nothing happens, and ends when it is old', async () => {
    await open({ heartbeat: 30, longest: 200 });
    const stream = await Listened.to();
    expect((await stream.lines(3)).map(({ type }) => type)).toEqual(['hello', 'heartbeat', 'heartbeat']);
    let line = await stream.line();
    while (line?.type === 'heartbeat') line = await stream.line();
    expect(line).toEqual({ type: 'bye', reason: 'too_long' });
    expect(await stream.line()).toBeNull();
    expect(asked.ended).toEqual(['too_long']);
  });

  it('does not wait for a reader that does not read', async () => {
    await open({ waiting: 64 * 1024 });
    const socket = connect(asked.listening.port, '127.0.0.1');
    await once(socket, 'connect');
    socket.write('GET /api/v1/findings/stream HTTP/1.1\r\nHost: localhost\r\n\r\n');
    socket.pause();
    socket.on('error', () => undefined);
    await expect.poll(() => asked.hub.size).toBe(1);
    const other = await Listened.to();
    await other.line();
    let told = 0;
    let read = 0;
    while (asked.ended.length === 0 && told < 5000) {
      asked.hub.publish([change({ reason: 'x'.repeat(100_000) })]);
      told++;
      // Who reads is not sent away with it.
      if ((await other.line())?.type === 'finding') read++;
    }
    expect([asked.ended, asked.hub.size, read]).toEqual([['slow_reader'], 1, told]);
    await other.cancel();
    socket.destroy();
  });

  it('has room for so many, and ends with the service', async () => {
    await open({ streams: 1 });
    const stream = await Listened.to();
    await stream.line();
    const refused = await fetch(`${asked.listening.url}/api/v1/findings/stream`);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '15']);
    asked.hub.close();
    expect(await stream.line()).toEqual({ type: 'bye', reason: 'stopping' });
  });

  it.each([['?cursor=x', 400], ['?filter=owner', 400], ['?filter=nothing%3D1', 400], ['?from=1', 400]])('refuses %s', async (query, status) => {
    await open();
    const answer = await fetch(`${asked.listening.url}/api/v1/findings/stream${query}`);
    expect(answer.status).toBe(status);
  });
});
