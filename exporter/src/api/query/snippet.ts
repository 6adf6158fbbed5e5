import type { Finding, Millis } from '@remit/contract';

const DAY: Millis = 86_400_000;
const LONGEST = 7 * DAY;
const PLACES = 8;

/**
 * YAML for the inventory that would cover a finding like this for a week: a proposal to be read, narrowed and reviewed. Texts of the
 * finding are quoted as JSON, so that none of them can be anything but a text.
 */
export function exceptionSnippet(finding: Finding, now: Millis): string {
  const { detector, identity, owner, evidence, id } = finding;
  const resources = [...new Set(evidence.map(({ resource }) => resource).filter((resource) => resource !== undefined))];
  // A cut target would cover nothing, and a star in a name more than the name.
  const exact = resources.filter((resource) => !/[*?…]/.test(resource)).slice(0, PLACES);
  const lines = [
    '# In a file of the inventory. Say why, narrow the scope, and have it reviewed: until it ends, nobody hears of what it covers.',
    'exceptions:',
    `  - id: ${JSON.stringify(`${detector}-${id.slice(0, 8)}`)}`,
    `    identity: ${JSON.stringify(identity)}`,
    `    detector: ${JSON.stringify(detector)}`,
    `    owner: ${JSON.stringify(owner ?? 'team')}`,
    '    reason: "why this is all right"',
    '    approved_by: "who agreed"',
    ...(exact.length > 0 ? ['    scope:', `      resources: ${JSON.stringify(exact)}`] : []),
    `    starts_at: ${JSON.stringify(iso(finding.first))}`,
    `    expires_at: ${JSON.stringify(iso(now + LONGEST))}`,
  ];
  return `${lines.join('\n')}\n`;
}

function iso(at: Millis): string {
  return new Date(Math.floor(at / 1000) * 1000).toISOString().replace('.000Z', 'Z');
}
