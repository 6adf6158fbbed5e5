import type { InvictusResult } from './invictus.ts';
import type { PantherResult } from './panther.ts';
import type { StratusResult } from './stratus.ts';

/** Panther's rows as a table: those that alert first. */
export function pantherText({ rows, alerting, found, quiet, quietWithFinding, unexplained, pages, differs }: PantherResult): string {
  const lines = [
    'panther: rows of detection rules one by one, without an inventory',
    `${found} of ${alerting} rows that alert have a finding; ${quietWithFinding} of ${quiet} quiet rows have one, ${unexplained} of them unexplained; pages ${pages}`, '',
  ];
  for (const row of rows.toSorted((a, b) => Number(b.alerts) - Number(a.alerts))) {
    const verdict = row.rejected === null ? row.detectors.join(', ') || '-' : `rejected: ${row.rejected}`;
    lines.push(`${row.alerts ? 'alert' : 'quiet'}  ${row.id}  ${verdict.padEnd(26)} ${row.action}  (${row.rule}: ${row.test})`);
    if (row.why !== undefined && row.alerts !== row.detectors.length > 0) lines.push(`${''.padEnd(25)}${row.why}`);
  }
  lines.push('', differs === null ? 'other rows than the table\'s: nothing to compare with' : different(differs), '');
  return lines.join('\n');
}

/** Stratus' files as a table. */
export function stratusText({ files, machines, found, moreSpecific, tickets, pagesWithout, personPages, differs }: StratusResult): string {
  const lines = [
    'stratus: attack techniques, each by itself',
    `with every actor declared and nothing approved: ${found} of ${machines} files have a finding, ${moreSpecific} one that says more than off-purpose-action`,
    `without an inventory: ${tickets} files with a ticket of unbaselined-sensitive-use or monitoring-tampering, ${pagesWithout} pages`,
    `the console sign-in of a person: ${personPages} pages`, '',
  ];
  for (const { file, with: declared, without } of files) {
    lines.push(file, `  declared   ${declared.join(', ') || '-'}`, `  unknown    ${without.join(', ') || '-'}`);
  }
  lines.push('', different(differs), '');
  return lines.join('\n');
}

/** What the recording of one lab account came to. */
export function invictusText({ person, terraform, attack, pagesOnTerraform, agentsDecide, approvedWrites }: InvictusResult): string {
  return [
    'invictus: a person, a pipeline and an attacker on one key',
    `without an inventory: ${person.events} events of the person (class ${person.class}): ${counts(person.findings)}; pages ${person.pages}`,
    `the key declared as the pipeline's: its own ${terraform.events} events by themselves: findings ${terraform.findings}, pages ${terraform.pages}`,
    `the attack's ${attack.events} events beside them: ${attack.writes} writes, ${attack.unapproved} not approved, ${attack.found} of those in a finding; ${counts(attack.findings)}; may page ${attack.pages}`,
    `pages that hold an event of the pipeline: ${pagesOnTerraform}`,
    `without user agents the findings are ${agentsDecide ? 'different' : 'the same'}`,
    `the attack's writes that the pipeline does as well, and are quiet: ${counts(approvedWrites)}`, '',
  ].join('\n');
}

function counts(of: Record<string, number>): string {
  return Object.entries(of).map(([word, count]) => `${word} ${count}`).join(', ') || 'nothing';
}

function different(ids: readonly string[]): string {
  return ids.length === 0 ? 'as in the committed table' : `not as in the committed table: ${ids.join(', ')}`;
}
