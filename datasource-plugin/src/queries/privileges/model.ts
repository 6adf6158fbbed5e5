import { t } from '@grafana/i18n';
import { privilegeStates } from '../../lib/looks';
import { optionsOf, quick } from '../common';
import type { KindModel } from '../kind';

/** What an identity may do against what it does. */
export const model = (): KindModel => ({
  kind: 'privileges',
  label: t('privileges.label', 'Privileges'),
  description: t('privileges.description', 'Granted against exercised, in the range: what is never used, what was used without a grant.'),
  formats: [{ value: 'table', label: t('format.table', 'Table'), description: t('privileges.table', 'One row a permission of an identity.') }],
  quick: [
    quick.identity(), quick.owner(),
    { key: 'state', label: t('filter.privilege-state', 'State'), options: optionsOf(privilegeStates()), tooltip: t('filter.privilege-state-tip', 'Whether the permission is granted, used, or both.') },
    { key: 'permission', label: t('filter.permission', 'Permission'), valuesOf: 'privileges', tooltip: t('filter.permission-tip', 'As the inventory and the sources spell it.') },
  ],
  counts: t('privileges.counts', 'permissions'),
});
