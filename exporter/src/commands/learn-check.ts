import type { Finding, IdentityRecord } from '@remit/contract';
import { REPLAY_KEY, openCore } from '../app.ts';
import type { Config } from '../config.ts';
import { loadInventory } from '../inventory/load.ts';
import { parseFile } from '../inventory/parse.ts';
import type { Feed } from './learn.ts';
import { printProblems } from './output.ts';

const LISTED = 20;
/** Stands in for the owner that a proposal does not have yet; a team that lets everything page shows what could. */
const NOBODY_YET = 'owner-to-be';

/**
 * Replays the input a second time, with the proposals taken as approved by an owner with `enforce`, and says what they would find in
 * what they were learned from. `inventory` are the files in force, `proposals` texts by file name. Sensitive actions that wait for a
 * decision are counted apart: they are neither approved nor new.
 */
export async function checkProposals(
  feed: Feed, inventory: Readonly<Record<string, string>>, proposals: Readonly<Record<string, string>>, config: Config,
): Promise<string> {
  const records = new Map<string, Partial<IdentityRecord>>();
  const files: Record<string, string> = Object.fromEntries(Object.entries(inventory).filter(([path]) => !/(^|\/)proposed\//.test(path)));
  files['learned/owner.json'] = JSON.stringify({ owners: [{ team: NOBODY_YET, enforce: true }] });
  for (const [name, text] of Object.entries(proposals)) files[`learned/${name}`] = asApproved(name, text, records);
  const now = Date.now();
  const { inventory: loaded, problems } = loadInventory(files, { importedAt: now });
  if (loaded === null) {
    printProblems(problems.filter(({ severity }) => severity === 'error'));
    return 'The proposals could not be tried on the input: correct what is wrong in them first.\n';
  }
  const core = await openCore({ storage: null, config, key: REPLAY_KEY, retention: Infinity });
  try {
    await core.engine.submit({ type: 'inventory', now: 0, imported: now, revision: loaded.revision, files });
    await feed(core);
    const found = [...core.engine.processor.book.all.values()].map(({ finding }) => finding)
      .filter((finding) => records.has(finding.identity) && finding.state !== 'withdrawn' && finding.state !== 'silenced')
      .sort((a, b) => a.first - b.first || (a.id < b.id ? -1 : 1));
    return report(found, records);
  } finally {
    await core.close();
  }
}

/** The file as it would be after approval, every undecided entry left where it is. A broken file stays as it is and is reported. */
function asApproved(name: string, text: string, records: Map<string, Partial<IdentityRecord>>): string {
  const parsed = parseFile(name, text);
  if ('problems' in parsed) return text;
  const value = parsed.value as { identities?: unknown } | null;
  if (!Array.isArray(value?.identities)) return text;
  const identities = (value.identities as Partial<IdentityRecord>[]).map((record) => {
    if (typeof record !== 'object' || record === null || record.status !== 'proposed') return record;
    if (typeof record.urn === 'string') records.set(record.urn, record);
    return { ...record, status: 'active', owner: NOBODY_YET };
  });
  return JSON.stringify({ ...value, identities });
}

function report(found: readonly Finding[], records: ReadonlyMap<string, Partial<IdentityRecord>>): string {
  const waiting = found.filter((finding) => awaitsReview(finding, records.get(finding.identity)!));
  // What is learned is compared with what is usual, whatever a record says.
  const learned = found.filter((finding) => finding.class === 'baseline').length;
  const loud = found.filter((finding) => finding.class !== 'baseline' && !waiting.includes(finding));
  const pending = [...records.values()].reduce((sum, record) => sum + (record.review_required?.length ?? 0), 0);
  const who = [...records.values()].filter((record) => record.review_required?.length).length;
  const lines = [
    `Tried on the same input as if approved: ${loud.length === 0 ? 'quiet.' : `${loud.length} ${loud.length === 1 ? 'finding' : 'findings'}:`}`,
    ...loud.slice(0, LISTED).flatMap(({ severity, detector, identity, reason }) => [`  ${severity.padEnd(8)} ${detector}  ${identity}`, `           ${reason}`]),
    ...loud.length > LISTED ? [`  … and ${loud.length - LISTED} more`] : [],
    ...learned > 0 ? [`Beside that ${learned} ${learned === 1 ? 'finding' : 'findings'} of what is unusual, which no record decides.`] : [],
    ...pending > 0 ? [`${pending} ${pending === 1 ? 'action' : 'actions'} of ${who} ${who === 1 ? 'identity' : 'identities'} wait for your decision under review_required`
      + `${waiting.length > 0 ? `; while they do, they raise ${waiting.length} ${waiting.length === 1 ? 'finding' : 'findings'}` : ''}.`] : [],
    '',
  ];
  return lines.map(printable).join('\n');
}

/** A finding about what stands under `review_required`, not about anything that was not seen. */
function awaitsReview({ detector, subject }: Finding, { review_required: review = [] }: Partial<IdentityRecord>): boolean {
  if (detector === 'unbaselined-sensitive-use') return review.length > 0;
  return detector === 'off-purpose-action' && review.some((entry) => subject.toLowerCase() === entry.slice(0, subject.length).toLowerCase());
}

/** Names come from logs: nothing in them may drive a terminal. */
function printable(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '\ufffd');
}
