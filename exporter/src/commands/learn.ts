import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inventoryFileSchema, type NhiEvent } from '@remit/contract';
import { REPLAY_KEY, openCore, readInventory, type Core } from '../app.ts';
import { loadConfig, type Config } from '../config.ts';
import { parseFile } from '../inventory/parse.ts';
import { Observation, type ObservedIdentity } from '../inventory/propose-observe.ts';
import { propose } from '../inventory/propose.ts';
import type { Identity } from '../pipeline/identities.ts';
import type { EventSorter } from '../pipeline/sorter.ts';
import { checkProposals } from './learn-check.ts';
import { fail, printProblems, UsageError } from './output.ts';
import { Progress } from './progress.ts';
import { expand, replayFrom, replayInto, type ReplayResult } from './replay.ts';

export interface LearnOptions {
  output: string; from?: string[]; cluster?: string; inventoryPath?: string; configFile?: string; storagePath?: string; replace?: boolean; quiet?: boolean;
  /** False leaves out the replay of the same input against the proposals. */
  check?: boolean;
}

/** Replays the whole input into a core, telling of each event. */
export type Feed = (core: Core, each?: (event: NhiEvent, identity: Identity) => void) => Promise<ReplayResult>;

/**
 * `remit learn`: one commented YAML file for each machine or unknown identity without a record, for a person to review, and what
 * these proposals would find in the very input they were learned from.
 */
export async function learn(files: string[], options: LearnOptions): Promise<void> {
  const { config, problems } = loadConfig(options.configFile);
  if (problems.length > 0) return fail(problems);
  const feed = await feedOf([...files, ...options.from ?? []], options, config);
  const inventory = await readInventory(options.inventoryPath);
  const core = await openCore({ storage: null, config, key: REPLAY_KEY, retention: Infinity });
  let proposals: Record<string, string>;
  try {
    const loaded = await core.loadInventory(options.inventoryPath, 0, Date.now());
    printProblems(loaded.problems);
    if (!loaded.ok) return fail([]);
    proposals = propose(await observe(core, feed));
  } finally {
    await core.close();
  }
  await mkdir(options.output, { recursive: true });
  const { texts, lines } = await writeAll(options.output, proposals, options.replace ?? false);
  process.stdout.write(lines.join(''));
  if (Object.keys(texts).length === 0) return;
  if (options.check !== false) process.stdout.write(await checkProposals(feed, inventory.files, texts, config));
  process.stdout.write([
    'Next: read the files, set an owner and what else you know, and approve what is right:',
    `  remit inventory approve ${join(options.output, Object.keys(texts)[0]!)} --owner TEAM`, '',
  ].join('\n'));
}

/** The input as named: log files, or `store` for the journal of a storage that no service uses. */
async function feedOf(from: readonly string[], options: LearnOptions, config: Config): Promise<Feed> {
  const progress = () => new Progress(process.stderr, options.quiet ?? false);
  if (from.length === 0) throw new UsageError('nothing to learn from', 'name log files, or --from store with --storage.path');
  if (from.includes('store') && !existsSync('store')) {
    const { storagePath } = options;
    if (from.length > 1) throw new UsageError('store and files at once', 'learn from one of the two');
    if (storagePath === undefined || !existsSync(join(storagePath, 'journal.db'))) {
      throw new UsageError(`${storagePath ?? '--storage.path'}: no storage of remit`, 'name the folder that `serve` or `replay` was given as --storage.path; no service may use it meanwhile');
    }
    return (core, each) => replayFrom(core, (sorter, tally) => readJournal(storagePath, config, sorter, tally), progress(), each);
  }
  const inputs = await expand([...from], options.cluster ?? config.cluster);
  return (core, each) => replayInto(core, inputs, progress(), each);
}

async function readJournal(storage: string, config: Config, sorter: EventSorter, tally: { read: number }): Promise<void> {
  const stored = await openCore({ storage, config });
  try {
    for await (const entry of stored.journal.after(0)) {
      if (entry.type !== 'batch') continue;
      tally.read += entry.events.length;
      for (const event of entry.events) await sorter.add(event);
    }
  } finally {
    await stored.close();
  }
}

/** What the identities did that have no reviewed record, in the order of their URNs. */
async function observe(core: Core, feed: Feed): Promise<ObservedIdentity[]> {
  const seen = new Map<Identity, Observation>();
  const inventory = core.inventory();
  await feed(core, (event, identity) => {
    if (identity.remit !== null || event.flags.includes('context')) return;
    let observation = seen.get(identity);
    if (!observation) seen.set(identity, observation = new Observation());
    const target = event.resources?.[0]?.uid;
    observation.add(event, target !== undefined && inventory.dataClass(target) === 'restricted');
  });
  const { identities } = core.engine.processor;
  return [...seen].filter(([identity]) => identity.remit === null).sort(([a], [b]) => (a.urn < b.urn ? -1 : 1))
    .map(([identity, observation]): ObservedIdentity => {
      const guess = ownerGuess(identity.urn);
      return {
        ...observation.seen(), urn: identity.urn, kind: identities.kindOf(identity), class: identities.classOf(identity), first: identity.first,
        last: identity.last, aliases: identities.aliases(identity).map((value) => ({ type: aliasType(value), value })).sort(immutableFirst),
        ...guess === null ? {} : { ownerGuess: guess },
      };
    });
}

function aliasType(value: string): string {
  if (value.startsWith('arn:')) return 'arn';
  if (/^(AROA|AIDA)[A-Z0-9]+$/.test(value)) return 'aws_unique_id';
  return value.startsWith('system:serviceaccount:') ? 'k8s_username' : 'principal_key';
}

function immutableFirst(a: { type: string }, b: { type: string }): number {
  return Number(b.type === 'aws_unique_id') - Number(a.type === 'aws_unique_id');
}

/** The namespace of a Kubernetes service account or of an agent's service often bears the name of a team. */
function ownerGuess(urn: string): { team: string; from: string } | null {
  const [, provider, realm, rest] = /^urn:nhi:([^:]+):([^:]*):(.*)$/.exec(urn) ?? [];
  const namespace = provider === 'k8s' ? /^service_account\/([^/]+)\//.exec(rest ?? '')?.[1] : provider === 'agent' && realm !== 'default' ? realm : undefined;
  if (namespace === undefined || /^(default|kube-.*)$/.test(namespace) || !/^[a-z0-9][a-z0-9._-]{0,62}$/.test(namespace)) return null;
  return { team: namespace, from: 'the namespace' };
}

/** The files as they stand now, with what was written and what was left. A file that is there stays, unless it is to be replaced and undecided. */
async function writeAll(folder: string, proposals: Record<string, string>, replace: boolean): Promise<{ texts: Record<string, string>; lines: string[] }> {
  const texts: Record<string, string> = {};
  const counts = { written: 0, same: 0, replaced: 0, kept: 0 };
  for (const [name, text] of Object.entries(proposals)) {
    const path = join(folder, name);
    const before = await created(path, text);
    texts[name] = before === null ? text : before;
    if (before === null) counts.written++;
    else if (before === text) counts.same++;
    else if (replace && isUndecided(path, before)) {
      await writeFile(path, text);
      texts[name] = text;
      counts.replaced++;
    } else counts.kept++;
  }
  const { written, same, replaced, kept } = counts;
  const files = (n: number): string => `${n} ${n === 1 ? 'file' : 'files'}`;
  return { texts, lines: [
    `${files(written)} written to ${folder}${same > 0 ? `, ${same} there already as proposed` : ''}${replaced > 0 ? `, ${replaced} undecided replaced` : ''}\n`,
    ...kept > 0 ? [`${files(kept)} there already and left as a person may have edited ${kept === 1 ? 'it' : 'them'}; --replace writes the undecided anew\n`] : [],
    ...written + same + replaced + kept === 0 ? ['no machine or unknown identity without a record was seen: there is nothing to propose\n'] : [],
  ] };
}

/** The text that was there before; null when there was none and the file is now written. */
async function created(path: string, text: string): Promise<string | null> {
  try {
    await writeFile(path, text, { flag: 'wx' });
    return null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return readFile(path, 'utf8');
  }
}

function isUndecided(path: string, text: string): boolean {
  const parsed = parseFile(path, text);
  const file = 'problems' in parsed ? null : inventoryFileSchema.safeParse(parsed.value ?? {});
  return file?.success === true && (file.data.identities ?? []).every(({ status }) => status === 'proposed');
}

