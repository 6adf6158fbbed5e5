import { createHash } from 'node:crypto';
import type { Finding, Store } from '@remit/contract';
import { nameOf } from './kept-chain.ts';
import type { Processor } from './processor.ts';

/**
 * The canonical dump of state, line by line: identities, counters, findings, closed hours, open aggregates and learned rows, sorted,
 * without wall-clock times, internal numbers or anything that depends on arrival. Needs a cut without pending changes.
 */
export async function* dump(p: Processor, store: Store): AsyncIterable<string> {
  const judged = p.identities.all
    .filter((i) => i.first !== Infinity)
    .sort((a, b) => (a.urn < b.urn ? -1 : 1));
  for (const identity of judged) {
    const { urn, first, last, success, failure, denied } = identity;
    yield line('identity', { urn, kind: p.identities.kindOf(identity), class: p.identities.classOf(identity), first, last, success, failure, denied, aliases: p.identities.aliases(identity) });
    const exercised = p.privileges.save(identity);
    if (exercised.length > 0) yield line('privileges', { urn, exercised });
  }
  // Outcomes stand with the identities; kinds as known when judged depend on what came first.
  for (const [source, counts] of [...p.counters].sort()) yield line('counter', { source, value: counts.reduce((a, b) => a + b, 0) });
  yield line('counter', { key: 'unattributed', value: p.unattributed });
  for (const { finding, parts } of [...p.book.all.values()].sort((a, b) => (a.finding.id < b.finding.id ? -1 : 1))) {
    if (finding.state !== 'withdrawn') yield line('finding', { ...lasting(finding), parts: parts && [...parts].sort() });
  }
  for (const { detector, urn, key, steps, dropped } of [...p.chains.all].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))) {
    yield line('chain', { detector, urn, key, steps, dropped });
  }
  const counted = new Set(judged.filter((i) => ['machine', 'unknown'].includes(p.identities.classOf(i))));
  for (const { name, urn, key, purpose, calls, dropped } of [...p.runs.all.values()].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    // Hashes are of one installation.
    yield line('run', { urn, key, purpose, calls: calls.map(({ id, time, writes, passed }) => [id, time, writes, passed.map(([path]) => path)]), dropped, name });
  }
  for (const { urn } of counted) {
    const learned = p.parts.runs?.habits.describe(urn) ?? null;
    const held = p.runs.held.of(urn).map(({ score }) => Math.round(score * 1e6)).sort((a, b) => a - b);
    if (learned !== null || held.length > 0) yield line('habit', { urn, learned, held });
  }
  const closed: string[] = [];
  for await (const { keys, text } of store.pages('closed')) {
    keys.forEach((key, i) => {
      const [start, index] = key.split('/');
      const identity = p.identities.all[Number(index)]!;
      if (counted.has(identity)) closed.push(line('closed', { start: Number(start), urn: identity.urn, value: text(i) }));
    });
  }
  yield* closed.sort();
  for (const identity of counted) {
    for (const hour of [...identity.open].sort((a, b) => a.start - b.start)) {
      yield line('open', { urn: identity.urn, ...hour, sums: p.parts.scoring.save(hour.sums), categories: [...hour.categories].sort() });
    }
    if (identity.closedUntil > 0) yield line('row', { urn: identity.urn, bytes: p.parts.scoring.bytes(identity.index).map((row) => Buffer.from(row).toString('base64')) });
  }
}

/** SHA-256 of the dump, in hex. The same records in any order, any number of times, give the same on one Node major version. */
export async function digest(p: Processor, store: Store): Promise<string> {
  const hash = createHash('sha256');
  for await (const text of dump(p, store)) hash.update(text).update('\n');
  return hash.digest('hex');
}

function lasting(finding: Finding): Partial<Finding> {
  const { revision: _, opened_at: __, updated_at: ___, closed_at: ____, history: _____, ...rest } = finding;
  return rest;
}

function line(what: string, value: object): string {
  return `${what} ${JSON.stringify(value)}`;
}
