import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { lineDiff } from './propose-diff.ts';
import { approveProposal, type Decisions } from './propose-review.ts';

const PROPOSAL = `# yaml-language-server: $schema=../schema.json
# Proposed from observed behaviour. Nothing in it is approved: it is judged in shadow and never pages. Read it, correct it,
# and decide it: remit inventory approve FILE --owner TEAM
# Seen 7× on 2 days.
identities:
  - urn: urn:nhi:aws:123456789012:role/export
    kind: service_account
    status: proposed
    # owner: payments (a guess, from the namespace)
    # purpose: what is this for?
    actions:
      - aws:s3:GetObject # 123×
      # and 5 rarer actions, left out
    # To be decided one by one: --approve moves to actions what this identity is really for, --drop removes the rest.
    review_required:
      - aws:secretsmanager:GetSecretValue # 2×, credential use
      - aws:iam:CreateAccessKey # 1×, credential create
      - "aws:x:*" # 1×, the name contains a wildcard
    # a person's own words
    networks: [ service ]
    # schedule: not enough history
`;
const TEAMS = new Set(['payments', 'platform']);
type Parts = Partial<Omit<Decisions, 'owner'>> & { owner?: string | null };
const decide = ({ owner = 'payments', ...parts }: Parts = {}): Decisions => ({ by: 'ada', at: '2026-11-22T08:00:00Z', approve: [], drop: [], ...parts, ...owner === null ? {} : { owner } });
const approved = (text: string, parts: Parts = {}) => approveProposal('p.yml', text, TEAMS, decide(parts));

test('a decided proposal becomes a record, and what people wrote stays', () => {
  const result = approved(PROPOSAL, { approve: ['aws:secretsmanager:*'], drop: ['*'], ticket: 'PAY-1', purpose: 'Copies files' });
  expect(result).toMatchObject({ urns: ['urn:nhi:aws:123456789012:role/export'], moved: 1, dropped: 2 });
  expect('text' in result && result.text).toBe(`# yaml-language-server: $schema=../schema.json
# Seen 7× on 2 days.
identities:
  - urn: urn:nhi:aws:123456789012:role/export
    kind: service_account
    status: active
    owner: payments
    purpose: Copies files
    ticket: PAY-1
    approved_by: ada
    approved_at: 2026-11-22T08:00:00Z
    actions:
      - aws:s3:GetObject # 123×
      - aws:secretsmanager:GetSecretValue # 2×, credential use
      # and 5 rarer actions, left out
    # a person's own words
    networks: [ service ]
    # schedule: not enough history
`);
});

test('the owner that is written holds when none is given, and a list is made where there was none', () => {
  const text = PROPOSAL.replace('    # owner: payments (a guess, from the namespace)\n', '    owner: platform # we\n').replace(/    actions:\n.*\n.*\n/, '');
  const result = approved(text, { owner: null, approve: ['*', 'aws:x:*'] });
  if (!('text' in result)) throw new Error(JSON.stringify(result));
  expect(result.text).toContain('owner: platform # we');
  expect((parse(result.text) as { identities: object[] }).identities[0]).toMatchObject({
    owner: 'platform', status: 'active', actions: ['aws:secretsmanager:GetSecretValue', 'aws:iam:CreateAccessKey', 'aws:x:*'], networks: ['service'],
  });
});

const WHOLE = { approve: ['aws:x:*'], drop: ['*'] };
test.each<[string, string, Parts, [line: number, message: string][]]>([
  ['undecided', PROPOSAL, { approve: ['aws:iam:*'], drop: ['aws:x:?'] }, [[16, '"aws:secretsmanager:GetSecretValue" waits for a decision']]],
  ['approved and dropped', PROPOSAL, { approve: ['aws:iam:*'], drop: ['*', 'aws:*:Create*'] }, [[17, '"aws:iam:CreateAccessKey" is both approved and dropped']]],
  ['a wildcard approved by a wildcard', PROPOSAL, { approve: ['*'] }, [[18, '"aws:x:*" holds a wildcard and would approve more than what was seen']]],
  ['a team that does not exist', PROPOSAL, { ...WHOLE, owner: 'paymnts' }, [[6, 'the team paymnts is not in owners of the inventory']]],
  ['a written team that does not exist', PROPOSAL.replace('    # purpose: what is this for?', '    owner: nobody'), { ...WHOLE, owner: null }, [[10, 'the team nobody is not in owners of the inventory']]],
  ['no owner', PROPOSAL, { ...WHOLE, owner: null }, [[6, 'urn:nhi:aws:123456789012:role/export has no owner, so nobody would be told']]],
  ['no proposal', PROPOSAL.replace('status: proposed', 'status: suspended'), WHOLE, [[8, 'urn:nhi:aws:123456789012:role/export is no proposal: its status is suspended']]],
  ['no identity', 'owners: []\n', WHOLE, [[1, 'there is no identity in it']]],
])('refused: %s', (_, text, parts, expected) => {
  const result = approved(text, parts);
  expect('problems' in result && result.problems.map(({ line, message }) => [line, message])).toEqual(expected);
});

test.each<[string, string, string, string[]]>([
  ['nothing', 'a\nb\n', 'a\nb\n', []],
  ['a line in the middle', 'a\nb\nc\nd\ne\n', 'a\nb\nX\nd\ne\n', ['…', ' b', '-c', '+X', ' d', '…']],
  ['a line more', 'a\n', 'a\nb\n', [' a', '+b', ' ']],
  ['a line moved', 'a\nb\nc\n', 'b\nc\na\n', ['-a', ' b', ' c', '+a', ' ']],
])('a diff of %s', (_, before, after, expected) => {
  expect(lineDiff(before, after)).toEqual(expected);
});
