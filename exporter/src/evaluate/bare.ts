import { parse } from 'yaml';

/** What says who somebody is, and nothing of what they may do. */
const WHO: ReadonlySet<string> = new Set([
  'urn', 'kind', 'display_name', 'environment', 'criticality', 'aliases', 'labels', 'owner', 'sponsor', 'supplier', 'source_of_truth', 'last_reviewed', 'review_interval', 'purpose', 'approved_by', 'approved_at',
  'ticket', 'baseline',
]);
/** Of a file: exceptions belong to the remit; what tools and data are is knowledge of the world. */
const KEPT: ReadonlySet<string> = new Set(['version', 'owners', 'tool_catalogue', 'data_classes']);

/** The same identities and owners with nothing declared, so that behaviour alone can tell. Files are read already and good. */
export function bareInventory(files: Readonly<Record<string, string>>): Record<string, string> {
  const bare: Record<string, string> = {};
  for (const [name, text] of Object.entries(files)) {
    const file = (parse(text, { maxAliasCount: 100 }) ?? {}) as Record<string, unknown>;
    const kept = only(file, KEPT);
    const { identities } = file as { identities?: Record<string, unknown>[] };
    if (identities) kept['identities'] = identities.filter(({ status }) => status !== 'proposed').map((record) => only(record, WHO));
    bare[name] = JSON.stringify(kept);
  }
  return bare;
}

function only(from: Readonly<Record<string, unknown>>, keys: ReadonlySet<string>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(from).filter(([key]) => keys.has(key)));
}
