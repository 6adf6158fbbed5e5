import { describe, expect, test } from 'vitest';
import { evaluateInvictus } from './invictus.ts';
import { judgeRecords } from './judge.ts';
import { evaluatePanther, isSelected, rowId, type PantherRow } from './panther.ts';
import { shippedLines } from './shipped.ts';
import { evaluateStratus } from './stratus.ts';

test('panther: at least 14 of the 16 rows that alert have a finding, and every finding on one of the 26 quiet rows is explained', async () => {
  const { rows, differs, ...counts } = await evaluatePanther(null);
  expect(rows.every(({ rejected }) => rejected === null)).toBe(true);
  expect(differs).toEqual([]);
  expect(counts).toEqual({ alerting: 16, found: 15, quiet: 26, quietWithFinding: 20, unexplained: 0, pages: 0 });
  expect(rows.filter(({ alerts, detectors, why }) => alerts && detectors.length === 0 && !why)).toEqual([]);
});

test('panther: the shipped rows are those that the rule of selection takes, each under an id of its own', () => {
  const rows = shippedLines<PantherRow>('panther-cloudtrail');
  expect(rows.every(isSelected)).toBe(true);
  expect(new Set(rows.map(rowId)).size).toBe(rows.length);
});

test('stratus: with every actor declared all 24 are found, without an inventory there are tickets and no page', async () => {
  const { files, differs, ...counts } = await evaluateStratus();
  expect(files).toHaveLength(25);
  expect(differs).toEqual([]);
  expect(counts).toEqual({ machines: 24, found: 24, moreSpecific: 24, tickets: 24, pagesWithout: 0, personPages: 0 });
});

test('invictus: a person is not paged for, a pipeline neither, and what else is done with its key is found', async () => {
  const result = await evaluateInvictus();
  expect(result.person).toEqual({ events: 1370, class: 'human', findings: { 'mixed-use': 1, 'monitoring-tampering': 1 }, pages: 0 });
  expect(result.terraform).toEqual({ events: 667, findings: 0, pages: 0 });
  expect(result.attack).toMatchObject({ events: 382, writes: 101, unapproved: 99, found: 99 });
  expect(result).toMatchObject({ pagesOnTerraform: 0, agentsDecide: false, approvedWrites: { 'aws:iam:DeleteLoginProfile': 1, 'aws:iam:DeleteUser': 1 } });
});

describe('what a role that a person has taken does', () => {
  const record = (eventName: string, more: object = {}) => ({
    eventVersion: '1.09', eventID: eventName, eventTime: '2026-11-22T08:00:00Z', eventSource: 'iam.amazonaws.com', eventName, awsRegion: 'eu-west-1', sourceIPAddress: '198.51.100.7',
    recipientAccountId: '111122223333', requestParameters: { userName: 'bot' }, ...more,
  });
  const role = (name: string, path: string, mfa: boolean) => ({
    userIdentity: {
      type: 'AssumedRole', principalId: 'AROAEXAMPLEADMIN0001:somebody', arn: `arn:aws:sts::111122223333:assumed-role/${name}/somebody`, accountId: '111122223333',
      sessionContext: { sessionIssuer: { type: 'Role', principalId: 'AROAEXAMPLEADMIN0001', arn: `arn:aws:iam::111122223333:role/${path}${name}`, accountId: '111122223333', userName: name }, attributes: { mfaAuthenticated: String(mfa) } },
    },
  });
  const user = { userIdentity: { type: 'IAMUser', principalId: 'AIDAEXAMPLEUSER00001', arn: 'arn:aws:iam::111122223333:user/somebody', accountId: '111122223333', userName: 'somebody', sessionContext: { attributes: { mfaAuthenticated: 'true' } } } };

  test.each([
    ['with MFA', role('admin', '', true), 'human', true],
    ['without', role('admin', '', false), 'machine', true],
    ['through single sign-on', role('AWSReservedSSO_Admin_0123456789abcdef', 'aws-reserved/sso.amazonaws.com/', false), 'human', false],
    ['named as if through single sign-on', role('AWSReservedSSO_Admin_0123456789abcdef', '', false), 'human', true],
    ['as a user with MFA', user, 'human', false],
  ])('%s', async (_, who, reported, judged) => {
    const { findings, events } = await judgeRecords([record('CreateAccessKey', who)], null);
    expect(events.map((event) => event.class)).toEqual([reported]);
    expect(findings.some(({ detector }) => detector === 'unbaselined-sensitive-use')).toBe(judged);
  });
});
