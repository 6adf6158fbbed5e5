import { t } from '@grafana/i18n';
import { dress, type Looks } from '../../lib/dress';
import { privilegeStates, verdicts } from '../../lib/looks';
import type { KindPart } from '../kind';

const looks = (): Looks => ({
  identity: { title: t('field.identity', 'Identity'), link: 'identity', width: 320 },
  owner: { title: t('field.owner', 'Owner'), width: 110 },
  permission: { title: t('field.permission', 'Permission'), width: 280 },
  scope: { title: t('field.scope', 'Scope'), width: 160 },
  granted_by: { title: t('field.via', 'Granted through'), width: 160 },
  granted_at: { title: t('field.granted-at', 'Granted'), width: 170 },
  state: { title: t('field.state', 'State'), words: privilegeStates(), cell: 'pill', width: 160 },
  approved: { title: t('field.approved', 'Inventory says'), words: verdicts(), width: 140 },
  uses: { title: t('field.uses', 'Uses'), unit: 'short', decimals: 0, width: 80 },
  denied: { title: t('field.denied', 'Denied'), unit: 'short', decimals: 0, width: 80 },
  last_used: { title: t('field.last-used', 'Last used'), width: 170 },
});

/** Privileges as a table. */
export const frames: KindPart['frames'] = (answer, { to }) => answer.map((frame) => dress(frame, looks(), to, ['identity', 'permission', 'state', 'approved', 'uses', 'last_used', 'owner', 'granted_by', 'scope']));
