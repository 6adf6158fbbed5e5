import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sensitivity, type Millis, type NhiEvent } from '@remit/contract';
import { openCore } from '../app.ts';
import { loadConfig } from '../config.ts';
import { propose, type ObservedIdentity } from '../inventory/propose.ts';
import type { Identity } from '../pipeline/identities.ts';
import { Progress } from './progress.ts';
import { EXIT, printProblems } from './output.ts';
import { expand, replayInto } from './replay.ts';

export interface LearnOptions { output: string; cluster?: string; inventoryPath?: string }

/** A pause of at least this length begins another piece of work. */
const PAUSE: Millis = 10 * 60_000;
const MOST_STARTS = 10_000;
const MOST_DISTINCT = 10_000;

/** `remit learn`: one commented YAML file for each machine or unknown identity without a record, for a person to review. */
export async function learn(files: string[], options: LearnOptions): Promise<void> {
  const { config } = loadConfig(undefined);
  const inputs = await expand(files, options.cluster ?? config.cluster);
  const core = await openCore({ storage: null, config });
  try {
    const inventory = await core.loadInventory(options.inventoryPath, 0, Date.now());
    printProblems(inventory.problems);
    if (!inventory.ok) {
      process.exitCode = EXIT.usage;
      return;
    }
    const seen = new Map<Identity, Seen>();
    await replayInto(core, inputs, new Progress(process.stderr, false), (event, identity) => {
      let habits = seen.get(identity);
      if (!habits) seen.set(identity, habits = newSeen());
      take(habits, event, identity);
    });
    const { identities } = core.engine.processor;
    const observed = [...seen].filter(([identity]) => identity.remit === null).sort(([a], [b]) => (a.urn < b.urn ? -1 : 1))
      .map(([identity, habits]): ObservedIdentity => ({
        urn: identity.urn, kind: identities.kindOf(identity), class: identities.classOf(identity), first: identity.first, last: identity.last,
        aliases: identities.aliases(identity).map((value) => ({ type: aliasType(value), value })), resources: habits.targets.size,
        events: habits.events, actions: habits.actions, networks: habits.networks, days: habits.days, starts: habits.starts,
      }));
    const proposals = propose(observed);
    await mkdir(options.output, { recursive: true });
    let n = 0;
    let kept = 0;
    for (const [name, text] of Object.entries(proposals)) {
      if (await written(join(options.output, name), text)) n++;
      else kept++;
    }
    if (kept > 0) process.stdout.write(`${kept} ${kept === 1 ? 'file is' : 'files are'} there already and left as a person may have edited ${kept === 1 ? 'it' : 'them'}; remove ${kept === 1 ? 'it' : 'them'} to have a new proposal\n`);
    process.stdout.write(`${n} ${n === 1 ? 'proposal' : 'proposals'} in ${options.output}: read each, correct it, set its owner, purpose and status, and move it to your inventory\n`);
  } finally {
    await core.close();
  }
}

/** False when the file exists. */
async function written(path: string, text: string): Promise<boolean> {
  try {
    await writeFile(path, text, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

interface Seen {
  events: number; last: Millis; starts: Millis[]; days: Set<string>; targets: Set<string>;
  actions: Map<string, { count: number; sensitive: boolean }>; networks: Map<string, number>;
}

function newSeen(): Seen {
  return { events: 0, last: -Infinity, starts: [], days: new Set(), targets: new Set(), actions: new Map(), networks: new Map() };
}

function take(seen: Seen, event: NhiEvent, identity: Identity): void {
  seen.events++;
  if (event.time - seen.last >= PAUSE && seen.starts.length < MOST_STARTS) seen.starts.push(event.time);
  seen.last = Math.max(seen.last, event.time);
  seen.days.add(new Date(event.time).toISOString().slice(0, 10));
  const target = event.resources?.[0]?.uid;
  if (target !== undefined && seen.targets.size < MOST_DISTINCT) seen.targets.add(target);
  const network = event.src_endpoint?.ip ?? (event.src_kind === 'service' ? 'service' : undefined);
  if (network !== undefined && seen.networks.size < MOST_DISTINCT) seen.networks.set(network, (seen.networks.get(network) ?? 0) + 1);
  if (event.outcome.denied) return;
  const restricted = target !== undefined && (identity.remit?.restricted(target) ?? false);
  const sensitive = sensitivity(event, restricted) !== null;
  for (const permission of event.privilege?.used ?? []) {
    const action = seen.actions.get(permission);
    if (action) {
      action.count++;
      action.sensitive ||= sensitive;
    } else if (seen.actions.size < MOST_DISTINCT) seen.actions.set(permission, { count: 1, sensitive });
  }
}

function aliasType(value: string): string {
  if (value.startsWith('arn:')) return 'arn';
  if (/^(AROA|AIDA)[A-Z0-9]+$/.test(value)) return 'aws_unique_id';
  return value.startsWith('system:serviceaccount:') ? 'k8s_username' : 'principal_key';
}
