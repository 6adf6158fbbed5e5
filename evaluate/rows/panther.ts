import { createHash } from 'node:crypto';
import { detectorsOf, judgeRecords } from './judge.ts';
import { shippedLines, table } from './shipped.ts';

/** One test of a public rule: a record, and whether the rule alerts on it. */
export interface PantherRow { rule: string; test: string; expected_alert: boolean; log: Record<string, unknown> }
/** What a row came to: the detectors with a finding on its identity, and how many findings page. */
export interface JudgedRow {
  id: string; rule: string; test: string; action: string; alerts: boolean; class: string; detectors: string[]; pages: number; rejected: string | null;
  /** From the committed table: why a quiet row has a finding, or an alerting one has none. */
  why?: string;
}
/** A line of the committed table. */
export interface ListedRow { id: string; rule: string; test: string; alerts: boolean; finds: string[]; why?: string }
export interface PantherResult {
  rows: JudgedRow[]; alerting: number; found: number; quiet: number; quietWithFinding: number; unexplained: number; pages: number;
  /** Ids of rows whose findings are not those of the committed table; null where there is no table for these rows. */
  differs: string[] | null;
}

/**
 * The rows that are evaluated: a role was assumed, not by way of AWS's single sign-on, and the call is one to Secrets Manager, CloudTrail, Config or
 * IAM, or ends flow logs. Of IAM, look-ups and membership of groups and SAML providers are left out: they are neither keys nor roles.
 */
export function isSelected({ log }: PantherRow): boolean {
  const identity = log['userIdentity'] as { type?: unknown } | null | undefined;
  if (identity?.type !== 'AssumedRole' || JSON.stringify(identity).includes('AWSReservedSSO_')) return false;
  const source = String(log['eventSource']).replace('.amazonaws.com', '');
  const name = String(log['eventName']);
  if (source === 'ec2') return name === 'DeleteFlowLogs';
  if (source === 'iam') return !/SAMLProvider|^(?:Get|List)\w*Group|^DetachUserGroup$/.test(name);
  return source === 'secretsmanager' || source === 'cloudtrail' || source === 'config';
}

/** The id that a row is judged under: the samples share event ids, so that of the record cannot be it. */
export function rowId({ rule, test }: Pick<PantherRow, 'rule' | 'test'>): string {
  return createHash('sha256').update(JSON.stringify([rule, test])).digest('hex').slice(0, 16);
}

/** Judges each row by itself, with an empty inventory and nothing learned. Lines about the fleet as a whole do not count as findings. */
export async function judgeRows(rows: readonly PantherRow[]): Promise<JudgedRow[]> {
  const judged: JudgedRow[] = [];
  for (const row of rows) {
    const id = rowId(row);
    const { findings, events, rejected } = await judgeRecords([{ ...row.log, eventID: id }], null);
    judged.push({
      id, rule: row.rule, test: row.test, action: actionOf(row), alerts: row.expected_alert, class: events[0]?.class ?? 'none',
      detectors: detectorsOf(findings), pages: findings.filter(({ severity }) => severity === 'critical').length, rejected: rejected[0] ?? null,
    });
  }
  return judged;
}

/** The shipped rows against the committed table, or other rows as they are. */
export async function evaluatePanther(other: readonly PantherRow[] | null): Promise<PantherResult> {
  const rows = await judgeRows(other ?? shippedLines<PantherRow>('panther-cloudtrail'));
  const listed = other === null ? new Map(table<{ rows: ListedRow[] }>('panther.yml').rows.map((row) => [row.id, row])) : null;
  if (listed !== null) for (const row of rows) Object.assign(row, { why: listed.get(row.id)?.why });
  const alerting = rows.filter(({ alerts }) => alerts);
  const loud = rows.filter(({ alerts, detectors }) => !alerts && detectors.length > 0);
  const differs = listed === null ? null : [...new Set([...rows.filter((row) => {
    const want = listed.get(row.id);
    return want === undefined || want.alerts !== row.alerts || want.finds.join() !== row.detectors.join();
  }).map(({ id }) => id), ...[...listed.keys()].filter((id) => !rows.some((row) => row.id === id))])];
  return {
    rows, alerting: alerting.length, found: alerting.filter(({ detectors }) => detectors.length > 0).length, quiet: rows.length - alerting.length,
    quietWithFinding: loud.length, unexplained: loud.filter(({ why }) => !why).length, pages: rows.reduce((sum, { pages }) => sum + pages, 0), differs,
  };
}

function actionOf({ log }: PantherRow): string {
  const failed = typeof log['errorCode'] === 'string' && log['errorCode'] !== '' ? ` (${log['errorCode']})` : '';
  return `${String(log['eventSource']).replace('.amazonaws.com', '')}:${String(log['eventName'])}${failed}`;
}
