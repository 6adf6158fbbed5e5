import { REMIT_PARTS } from '@remit/contract';
import type { IdentityRecord, RemitPart } from '@remit/contract';

/** The parts of a reviewed record that say something, in the order of the contract. */
export function partsOf(record: IdentityRecord): RemitPart[] {
  return REMIT_PARTS.filter((part) => SAYS[part](record));
}

const some = (list: readonly unknown[] | undefined): boolean => list !== undefined && list.length > 0;

const SAYS: Record<RemitPart, (record: IdentityRecord) => boolean> = {
  record: () => true,
  kind: ({ kind }) => kind !== 'unknown' && kind !== 'human' && kind !== 'platform',
  schedule: ({ schedule }) => (schedule?.always_on !== true && some(schedule?.windows)) || some(schedule?.blackouts),
  actions: ({ actions }) => some(actions),
  tools: ({ tools }) => some(tools),
  resources: ({ resources }) => some(resources),
  data_classes_allowed: ({ data_classes_allowed: classes }) => some(classes),
  environments_allowed: ({ environments_allowed: environments }) => some(environments),
  sequences: ({ sequences }) => some(sequences),
  forbidden_transitions: ({ forbidden_transitions: transitions }) => some(transitions),
  max_volume: ({ max_volume: limits }) => some(limits),
  granted: ({ granted }) => some(granted),
  rotation: ({ rotation, credentials }) => rotation !== undefined || credentials?.some((one) => one.rotation !== undefined) === true,
  rotation_interval: ({ rotation, credentials }) => rotation?.interval !== undefined || credentials?.some((one) => one.rotation?.interval !== undefined) === true,
  end_of_life: ({ decommissioned_at: date, status, credentials }) => date !== undefined || status === 'decommissioned' || credentials?.some((one) => one.decommissioned_at !== undefined) === true,
  imports: ({ provenance, granted, last_reviewed: reviewed, review_interval: interval }) =>
    (provenance !== undefined && Object.keys(provenance).length > 0) || granted?.some(({ granted_at: at }) => at !== undefined) === true || (reviewed !== undefined && interval !== undefined),
};
