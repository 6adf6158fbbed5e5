import { detectorsOf, judgeRecords, type InventoryEntry } from './judge.ts';
import { committedInventory, shippedLines, table } from './shipped.ts';

/** A recording of one attack technique: how many records it has, and which detectors have a finding there, with the inventory and without any. */
export interface ListedFile { events: number; person?: boolean; with: string[]; without: string[] }
export interface JudgedFile { file: string; person: boolean; with: string[]; without: string[]; pagesWith: number; pagesWithout: number; listed: ListedFile }
export interface StratusResult {
  files: JudgedFile[];
  /** Files whose actor is no person; of them, with the inventory: with any finding, and with one that says more than off-purpose-action. */
  machines: number; found: number; moreSpecific: number;
  /** Without any inventory: files with a ticket of unbaselined-sensitive-use or monitoring-tampering, and pages. */
  tickets: number; pagesWithout: number;
  /** Pages on the console sign-in of a person, both ways. */
  personPages: number;
  /** Files whose detectors are not those of the committed table. */
  differs: string[];
}

const TICKETS = ['monitoring-tampering', 'unbaselined-sensitive-use'];

/** Judges each recording by itself, twice: with every actor declared as a machine with nothing approved, and with nobody known. */
export async function evaluateStratus(): Promise<StratusResult> {
  const records = shippedLines<unknown>('cloudtrail-stratus');
  const listed = table<{ files: Record<string, ListedFile> }>('stratus.yml').files;
  const inventory = committedInventory('stratus.inventory.yml');
  const files: JudgedFile[] = [];
  let from = 0;
  for (const [file, line] of Object.entries(listed)) {
    const own = records.slice(from, from += line.events);
    const [declared, bare] = [await judge(own, inventory), await judge(own, null)];
    files.push({ file, person: line.person === true, with: declared.detectors, without: bare.detectors, pagesWith: declared.pages, pagesWithout: bare.pages, listed: line });
  }
  if (from !== records.length) throw new Error(`stratus.yml lists ${from} records, there are ${records.length}`);
  const machines = files.filter(({ person }) => !person);
  return {
    files, machines: machines.length, found: machines.filter((one) => one.with.length > 0).length,
    moreSpecific: machines.filter((one) => one.with.some((detector) => detector !== 'off-purpose-action')).length,
    tickets: files.filter(({ without }) => without.some((detector) => TICKETS.includes(detector))).length,
    pagesWithout: files.reduce((sum, one) => sum + one.pagesWithout, 0),
    personPages: files.filter(({ person }) => person).reduce((sum, one) => sum + one.pagesWith + one.pagesWithout, 0),
    differs: files.filter((one) => one.with.join() !== one.listed.with.join() || one.without.join() !== one.listed.without.join()).map(({ file }) => file),
  };
}

async function judge(records: readonly unknown[], inventory: InventoryEntry | null): Promise<{ detectors: string[]; pages: number }> {
  const { findings } = await judgeRecords(records, inventory);
  return { detectors: detectorsOf(findings), pages: findings.filter(({ severity }) => severity === 'critical').length };
}
