import { t } from '@grafana/i18n';
import { dress, type Looks } from '../../lib/dress';
import { kinds, outcomes } from '../../lib/looks';
import { dressVolume } from '../volume';
import type { KindPart } from '../kind';

/** How the columns of an event are shown, wherever events are. */
export const looks = (): Looks => ({
  time: { title: t('field.time', 'Time'), width: 170 },
  end: { title: t('field.end', 'End'), width: 170 },
  id: { title: t('field.event', 'Event'), width: 130 },
  identity: { title: t('field.identity', 'Identity'), link: 'identity', width: 300 },
  kind: { title: t('field.kind', 'Kind'), words: kinds(), width: 130 },
  owner: { title: t('field.owner', 'Owner'), width: 110 },
  operation: { title: t('field.operation', 'Operation'), width: 240 },
  category: { title: t('field.category', 'Category'), width: 130 },
  outcome: { title: t('field.outcome', 'Outcome'), words: outcomes(), width: 90 },
  resource: { title: t('field.resource', 'Resource'), width: 300 },
  resource_type: { title: t('field.resource-type', 'Type') },
  source: { title: t('field.source', 'Source'), width: 130 },
  credential: { title: t('field.credential', 'Credential'), width: 180, description: t('field.credential-tip', 'Its id, never the secret.') },
  credential_type: { title: t('field.credential-type', 'Type of credential') },
  network: { title: t('field.network', 'Network'), width: 150 },
  tool: { title: t('field.tool', 'Tool') },
  server: { title: t('field.server', 'Server') },
  session: { title: t('field.session', 'Session'), link: 'session', width: 180 },
  trace: { title: t('field.trace', 'Trace'), link: 'trace', width: 180 },
  span: { title: t('field.span', 'Span') },
  account: { title: t('field.account', 'Account') },
  region: { title: t('field.region', 'Region') },
  cluster: { title: t('field.cluster', 'Cluster') },
  permission: { title: t('field.permission', 'Permission') },
  status_code: { title: t('field.status', 'Status') },
  user_agent: { title: t('field.user-agent', 'User agent'), width: 220 },
  bytes_out: { title: t('field.bytes-out', 'Bytes out'), unit: 'decbytes' },
  rows: { title: t('field.rows', 'Rows'), unit: 'short', decimals: 0 },
  duration: { title: t('field.duration', 'Duration'), unit: 'ms' },
  delegation: { title: t('field.delegation', 'On behalf of') },
  flags: { title: t('field.flags', 'Flags') },
});

/** When, who, what and how it went comes first. */
const FIRST = ['time', 'identity', 'operation', 'outcome', 'resource', 'network', 'credential', 'source', 'category', 'owner', 'kind', 'tool', 'server', 'session', 'trace'];

/** Events as lines, as a table or counted over time. */
export const frames: KindPart['frames'] = (answer, context) =>
  context.query.format === 'volume' ? dressVolume(answer, context) : answer.map((frame) => dress(frame, looks(), context.to, context.query.format === 'table' ? FIRST : []));
