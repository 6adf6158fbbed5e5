import type { NhiEvent } from './event.ts';
import type { Category } from './words.ts';

const CATEGORIES: ReadonlySet<Category> = new Set(['credential_create', 'credential_use', 'authz_grant', 'share', 'export']);

/**
 * The word for what makes an event sensitive, or null. Credentials made or used, grants, shares, exports, any change of
 * monitoring, an interactive session in a workload, code put into one, Kubernetes secrets, and data of class restricted.
 * `restricted` is the inventory's word on the target, where the event carries none.
 */
export function sensitivity(event: NhiEvent, restricted: boolean): string | null {
  if (event.flags.includes('monitoring')) return 'monitoring';
  if (event.flags.includes('exec')) return 'exec';
  if (event.flags.includes('code')) return 'code';
  const target = event.resources?.[0];
  if (target?.type === 'core/secrets' && event.metadata.source === 'k8s-audit' && !CATEGORIES.has(event.action.category)) return 'secrets';
  if (CATEGORIES.has(event.action.category)) return event.action.category;
  if (restricted || target?.data_classification === 'restricted') return 'restricted_data';
  return null;
}
