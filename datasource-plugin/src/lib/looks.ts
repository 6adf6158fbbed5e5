import { MappingType, SpecialValueMatch, type ValueMapping } from '@grafana/data';
import { t } from '@grafana/i18n';
import type { Category, FindingClass, FindingState, Kind, Outcome, Severity } from '@remit/contract';

/** A word of a closed list as people read it. `color` is a name of Grafana's palette, readable in light and dark. */
interface Word {
  text: string;
  color?: string;
}

// Records over the contract's own types: a word that is added there and not here does not compile.

/** Severity: `critical` pages, `warning` is a ticket, `info` is for dashboards. */
export const severities = (): Record<Severity, Word> => ({
  critical: { text: t('severity.critical', 'Critical'), color: 'red' },
  warning: { text: t('severity.warning', 'Warning'), color: 'orange' },
  info: { text: t('severity.info', 'Info'), color: 'blue' },
});

/** Where a finding stands. */
export const states = (): Record<FindingState, Word> => ({
  open: { text: t('state.open', 'Open'), color: 'red' },
  acknowledged: { text: t('state.acknowledged', 'Acknowledged'), color: 'yellow' },
  bad: { text: t('state.bad', 'Confirmed bad'), color: 'purple' },
  benign: { text: t('state.benign', 'Confirmed benign'), color: 'green' },
  resolved: { text: t('state.resolved', 'Resolved'), color: 'green' },
  silenced: { text: t('state.silenced', 'Silenced by an exception'), color: 'blue' },
  withdrawn: { text: t('state.withdrawn', 'Withdrawn'), color: 'text' },
});

export const findingClasses = (): Record<FindingClass, Word> => ({
  remit: { text: t('class.remit', 'Left its remit') },
  baseline: { text: t('class.baseline', 'Left its baseline') },
  state: { text: t('class.state', 'State of the identity') },
});

export const outcomes = (): Record<Outcome, Word> => ({
  success: { text: t('outcome.success', 'Success'), color: 'green' },
  failure: { text: t('outcome.failure', 'Failure'), color: 'orange' },
  denied: { text: t('outcome.denied', 'Denied'), color: 'red' },
});

export const kinds = (): Record<Kind, Word> => ({
  service_account: { text: t('kind.service-account', 'Service account') },
  workload: { text: t('kind.workload', 'Workload') },
  managed_identity: { text: t('kind.managed-identity', 'Managed identity') },
  cicd: { text: t('kind.cicd', 'CI/CD') },
  oauth_app: { text: t('kind.oauth-app', 'OAuth app') },
  ai_agent: { text: t('kind.ai-agent', 'AI agent') },
  api_key: { text: t('kind.api-key', 'API key') },
  bot_user: { text: t('kind.bot-user', 'Bot user') },
  device: { text: t('kind.device', 'Device') },
  platform: { text: t('kind.platform', 'Platform') },
  human: { text: t('kind.human', 'Person') },
  unknown: { text: t('kind.unknown', 'Unknown') },
});

/** Categories of actions; the words are the same in every language, as they are what inventories approve. */
export const CATEGORIES = Object.keys({
  read: 1, list: 1, write: 1, delete: 1, admin: 1, authn: 1, authz_grant: 1, credential_create: 1, credential_use: 1, export: 1, share: 1,
  execute_tool: 1, message_send: 1, ticket_create: 1,
} satisfies Record<Category, 1>);

/** What an inventory says about an action, a step or a privilege. */
export const verdicts = (): Record<string, Word> => ({
  approved: { text: t('verdict.approved', 'Approved'), color: 'green' },
  allowed: { text: t('verdict.allowed', 'Allowed'), color: 'green' },
  read: { text: t('verdict.read', 'Read, passed over'), color: 'blue' },
  expected: { text: t('verdict.expected', 'Expected, did not happen'), color: 'yellow' },
  off: { text: t('verdict.off', 'Off sequence'), color: 'red' },
  outside: { text: t('verdict.outside', 'Outside the remit'), color: 'red' },
  forbidden: { text: t('verdict.forbidden', 'Forbidden'), color: 'dark-red' },
  denied: { text: t('verdict.denied', 'Denied'), color: 'orange' },
  undeclared: { text: t('verdict.undeclared', 'Nothing declared'), color: 'text' },
});

export const readiness = (): Record<string, Word> => ({
  ready: { text: t('readiness.ready', 'Ready'), color: 'green' },
  warming: { text: t('readiness.warming', 'Warming up'), color: 'yellow' },
  stale: { text: t('readiness.stale', 'Stale'), color: 'orange' },
});

export const privilegeStates = (): Record<string, Word> => ({
  used: { text: t('privilege.used', 'Used'), color: 'green' },
  unused: { text: t('privilege.unused', 'Granted, not used'), color: 'yellow' },
  ungranted: { text: t('privilege.ungranted', 'Used, not granted'), color: 'red' },
  unlisted: { text: t('privilege.unlisted', 'Used; no grants declared'), color: 'text' },
});

export const coverageStates = (): Record<string, Word> => ({
  judged: { text: t('coverage.judged', 'Judged'), color: 'green' },
  partly: { text: t('coverage.partly', 'Judged in part'), color: 'yellow' },
  not_judged: { text: t('coverage.not-judged', 'Not judged'), color: 'orange' },
});

/** What stands in an empty cell. */
export const NOTHING = '–';

/** A closed list as value mappings of a field. Nothing is none of its words, and has no colour: that of a panel's thresholds would say that all is well. */
export function mappingsOf(words: Record<string, Word>): ValueMapping[] {
  const options = Object.fromEntries(Object.entries(words).map(([value, { text, color }], index) => [value, { text, index, ...(color ? { color } : {}) }]));
  return [{ type: MappingType.ValueToText, options }, { type: MappingType.SpecialValue, options: { match: SpecialValueMatch.Null, result: { text: NOTHING, color: 'transparent', index: Object.keys(words).length } } }];
}

const HUES = ['blue', 'orange', 'purple', 'green', 'yellow', 'dark-blue', 'dark-orange', 'dark-purple', 'dark-green', 'dark-yellow'];

/** Colour of one of several identities; Grafana's own, by name, may be the same for two. Red is for what is wrong. */
export function hueOf(index: number): string {
  return HUES[index % HUES.length] ?? 'text';
}
