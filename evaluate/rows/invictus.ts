import type { Finding, InventoryFile } from '@remit/contract';
import { judgeRecords, type Verdict } from './judge.ts';
import { committedInventory, shippedLines, table } from './shipped.ts';

interface CloudTrailRecord { eventID: string; readOnly?: boolean; userAgent?: string; userIdentity: { accessKeyId?: string } }

/** One person's day in a lab account: by hand, with Terraform, and with an attack tool that uses Terraform's key. */
export interface InvictusResult {
  /** Without any inventory: the person's events, findings by detector, pages. */
  person: { events: number; class: string; findings: Record<string, number>; pages: number };
  /** The key declared as a pipeline's: Terraform's events by themselves. */
  terraform: { events: number; findings: number; pages: number };
  /** The key declared: all records. `unapproved`: writes of the attack that the record does not approve, and how many a finding holds. */
  attack: { events: number; writes: number; unapproved: number; found: number; findings: Record<string, number>; pages: number };
  /** Pages that hold an event of Terraform's. */
  pagesOnTerraform: number;
  /** Whether the findings are the same with every user agent taken away. */
  agentsDecide: boolean;
  /** Writes of the attack that are also Terraform's habit and stay quiet, by permission. */
  approvedWrites: Record<string, number>;
}

const KEY = 'AKIATFQR7NSC8Q4X20BJ';
const PERSON = /:user\/bert-jan$/;

/** Who is the attacker is told by the tool's name in its user agent: it labels the records here, and nothing in the exporter reads it. */
const isAttack = ({ userAgent }: CloudTrailRecord): boolean => userAgent?.includes('stratus-red-team') ?? false;

/** Judges the recording without an inventory, and with the key declared as what it is: a pipeline's. */
export async function evaluateInvictus(): Promise<InvictusResult> {
  const records = shippedLines<CloudTrailRecord>('cloudtrail-invictus');
  const ofKey = records.filter(({ userIdentity }) => userIdentity.accessKeyId === KEY);
  const [terraform, attack] = [ofKey.filter((record) => !isAttack(record)), ofKey.filter(isAttack)];
  const inventory = committedInventory('invictus.inventory.yml');
  const bare = await judgeRecords(records, null);
  const declared = await judgeRecords(records, inventory);
  const alone = await judgeRecords(terraform, inventory);
  const silent = await judgeRecords(records.map((record) => ({ ...record, userAgent: undefined })), inventory);
  const own = bare.events.filter(({ identity }) => PERSON.test(identity));
  const onKey = declared.findings.filter(({ identity }) => identity.endsWith(KEY));
  const terraformUses = usesOf(terraform, declared);
  const writes = usesOf(attack.filter(({ readOnly }) => readOnly !== true), declared);
  const actions = new Set(table<InventoryFile>('invictus.inventory.yml').identities![0]!.actions);
  const unapproved = writes.filter((used) => !used.every((one) => actions.has(one)));
  return {
    person: { events: own.length, class: own[0]?.class ?? 'none', findings: countOf(bare.findings.filter(({ identity }) => PERSON.test(identity)).map(({ detector }) => detector)), pages: pagesOf(bare.findings) },
    terraform: { events: terraform.length, findings: alone.findings.filter(({ identity }) => identity.endsWith(KEY)).length, pages: pagesOf(alone.findings) },
    attack: {
      events: attack.length, writes: writes.length, unapproved: unapproved.length, found: unapproved.filter((used) => holds(onKey, used)).length,
      findings: countOf(onKey.map(({ detector }) => detector)), pages: pagesOf(onKey),
    },
    pagesOnTerraform: onKey.filter((finding) => finding.severity === 'critical' && terraformUses.some((used) => holds([finding], used))).length,
    agentsDecide: keysOf(silent) !== keysOf(declared),
    approvedWrites: countOf(writes.filter((used) => !unapproved.includes(used)).map((used) => used.join(', '))),
  };
}

/** Findings of the rank that may page: `critical`. A storm of one cause is one page, so that fewer people are woken. */
function pagesOf(findings: readonly Finding[]): number { return findings.filter(({ severity }) => severity === 'critical').length; }

/** The permissions that each of these records used. */
function usesOf(records: readonly CloudTrailRecord[], { events }: Verdict): (readonly string[])[] {
  const ids = new Set(records.map(({ eventID }) => eventID));
  return events.filter(({ event }) => ids.has(event.metadata.original_event_uid)).map(({ event }) => event.privilege?.used ?? []);
}

/** The subject of a finding on single events begins with the permission that was used. */
function holds(findings: readonly Finding[], used: readonly string[]): boolean {
  return findings.some(({ subject }) => used.some((one) => subject === one || subject.startsWith(`${one} `)));
}

function countOf(words: readonly string[]): Record<string, number> {
  return Object.fromEntries([...Map.groupBy([...words].sort(), (word) => word)].map(([word, all]) => [word, all.length]));
}

function keysOf({ findings }: Verdict): string { return findings.map(({ id, count, severity }) => `${id} ${count} ${severity}`).sort().join('\n'); }
