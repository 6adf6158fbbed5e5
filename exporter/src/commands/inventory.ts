import { existsSync } from 'node:fs';
import { link, mkdir, open, readFile, realpath, rename, unlink } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import type { Inventory, Problem } from '@remit/contract';
import { detectorsById, readInventory } from '../app.ts';
import { loadInventory } from '../inventory/load.ts';
import { lineDiff } from '../inventory/propose-diff.ts';
import { approveProposal, type Approval, type Decisions } from '../inventory/propose-review.ts';
import { EXIT, fail, printProblems, UsageError } from './output.ts';

export interface ApproveOptions {
  inventoryPath?: string; by?: string; owner?: string; purpose?: string; ticket?: string; approve?: string[]; drop?: string[]; dryRun?: boolean;
}

interface Step { from: string; to: string; /** As the inventory calls it. */ name: string; oldName: string; before: string; approval: Approval }

/**
 * `remit inventory approve`: makes proposals records in force. All files are checked, with the inventory as it will be, before the
 * first is moved; a diff says what changed. Exit code 1 when a proposal is not ready: no owner, or something undecided.
 */
export async function approve(files: string[], options: ApproveOptions): Promise<void> {
  const root = await rootOf(files, options.inventoryPath);
  const read = await readInventory(root);
  const { inventory, problems } = loadInventory(read.files, { importedAt: Date.now(), detectors: new Set(detectorsById.keys()) });
  const broken = [...read.problems, ...problems].filter(({ severity }) => severity === 'error');
  if (inventory === null || broken.length > 0) return fail(broken);

  const decisions: Decisions = {
    by: options.by ?? userInfo().username, at: `${new Date().toISOString().slice(0, 19)}Z`, approve: options.approve ?? [], drop: options.drop ?? [],
    ...options.owner === undefined ? {} : { owner: options.owner }, ...options.purpose === undefined ? {} : { purpose: options.purpose },
    ...options.ticket === undefined ? {} : { ticket: options.ticket },
  };
  const steps: Step[] = [];
  const missing: Problem[] = [];
  for (const file of [...new Set(files)]) {
    const step = await plan(file, root, inventory, decisions);
    if ('problems' in step) missing.push(...step.problems);
    else steps.push(step);
  }
  if (missing.length > 0) {
    printProblems(missing);
    process.stderr.write('nothing was approved\n');
    process.exitCode = missing.some(({ message }) => message.startsWith(UNUSABLE)) ? EXIT.usage : EXIT.negative;
    return;
  }
  const faults = faultsAfter(read.files, steps, new Set(problems.map(said)));
  printProblems(faults);
  if (faults.some(({ severity }) => severity === 'error')) return fail([]);
  for (const step of steps) {
    if (options.dryRun !== true) await move(step);
    process.stdout.write(told(step, options.dryRun === true));
  }
}

const UNUSABLE = 'cannot be read';

/** The folder of the inventory: as named, or the one that holds the `proposed` folder of all files. */
async function rootOf(files: readonly string[], named: string | undefined): Promise<string> {
  for (const file of files) if (!existsSync(file)) throw new UsageError(`${file}: no such file`, 'name files that `remit learn` wrote');
  if (named !== undefined) return realpath(named);
  const roots = new Set<string>();
  for (const file of files) {
    const parts = (await realpath(file)).split(sep);
    const at = parts.slice(0, -1).lastIndexOf('proposed');
    if (at < 1) throw new UsageError(`${file}: not in a folder called proposed`, 'name the folder of the inventory: --inventory.path DIR');
    roots.add(parts.slice(0, at).join(sep));
  }
  if (roots.size !== 1) throw new UsageError('the files belong to different inventories', 'approve those of one inventory at a time, or name --inventory.path');
  return [...roots][0]!;
}

async function plan(file: string, root: string, inventory: Inventory, decisions: Decisions): Promise<Step | { problems: Problem[] }> {
  const from = await realpath(file);
  const oldName = relative(root, from).split(sep).join('/');
  const inside = !oldName.startsWith('../') && resolve(root, oldName) === from;
  const name = inside ? oldName.replace(/(^|\/)proposed\//, '$1') : basename(from);
  const before = await readFile(from, 'utf8');
  const own = loadInventory({ [file]: before }, { importedAt: Date.now() });
  if (own.inventory === null) {
    return { problems: own.problems.filter(({ severity }) => severity === 'error').map((p) => ({ ...p, message: `${UNUSABLE}: ${p.message}` })) };
  }
  const approval = approveProposal(file, before, new Set(inventory.owners().map(({ team }) => team)), decisions);
  if ('problems' in approval) return approval;
  const to = join(root, ...name.split('/'));
  const taken = approval.urns.map((urn) => inventory.records().find((remit) => remit.reviewed && remit.record.urn === urn)).find((remit) => remit !== undefined);
  const again = { file, line: 1, column: 1, severity: 'error' as const };
  if (taken) return { problems: [{ ...again, message: `${taken.record.urn} has a reviewed record already, at ${taken.where}`, hint: 'change that record, and remove the proposal' }] };
  if (to !== from && existsSync(to)) return { problems: [{ ...again, message: `there is a file ${to} already`, hint: 'rename one of the two' }] };
  return { from, to, name, oldName: inside ? oldName : '', before, approval };
}

/** What will be wrong once the files are moved, and was not before. */
function faultsAfter(files: Readonly<Record<string, string>>, steps: readonly Step[], known: ReadonlySet<string>): Problem[] {
  const after: Record<string, string> = { ...files };
  for (const { oldName } of steps) delete after[oldName];
  for (const { name, approval } of steps) after[name] = approval.text;
  return loadInventory(after, { importedAt: Date.now(), detectors: new Set(detectorsById.keys()) }).problems.filter((problem) => !known.has(said(problem)));
}

function said({ file, message }: Problem): string {
  return `${file}\0${message}`;
}

/**
 * Writes the record beside its place under a hidden name, links it there, which fails where a file is, and only then removes the
 * proposal: whenever this ends early, the inventory holds the proposal, or both, of which the record counts.
 */
async function move({ from, to, approval }: Step): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  const draft = join(dirname(to), `.${basename(to)}.${process.pid}.draft`);
  const handle = await open(draft, 'wx', 0o644);
  try {
    await handle.writeFile(approval.text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  if (to === from) return rename(draft, to);
  try {
    await link(draft, to);
  } finally {
    await unlink(draft);
  }
  await unlink(from);
}

function told({ from, to, before, approval }: Step, dry: boolean): string {
  const { urns, moved, dropped, text } = approval;
  const decided = moved + dropped === 0 ? '' : `, ${moved} of what waited approved, ${dropped} dropped`;
  return [
    `--- ${from}`, `+++ ${to}`, ...lineDiff(before, text),
    `${dry ? 'would approve' : 'approved'} ${urns.join(', ')}${decided}`, '',
  // eslint-disable-next-line no-control-regex
  ].map((line) => line.replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '\ufffd')).join('\n');
}
