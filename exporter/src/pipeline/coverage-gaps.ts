import type { IdentityRecord, Millis, RemitPart } from '@remit/contract';

const DAY: Millis = 86_400_000;
/** Grants that were listed longer ago say nothing of what is granted now. */
const GRANTS_HOLD = 7 * DAY;

/** Parts of a record that are written and yet decide nothing, or not all: why, as a phrase. `some`: a few things are judged all the same. */
export type Gaps = Partial<Record<RemitPart, { text: string; some?: true }>>;

/** What is missing in what a record declares, at this time. */
export function gapsIn(record: IdentityRecord, now: Millis): Gaps {
  const gaps: Gaps = {};
  const granted = ofGrants(record, now);
  if (granted !== null) gaps.granted = { text: granted };
  const rotations = [record.rotation, ...record.credentials?.map(({ rotation }) => rotation) ?? []].filter((one) => one !== undefined);
  if (rotations.length > 0 && rotations.every(({ window, names, approved_rotators: rotators, overlap, interval }) => !window && !names?.length && !rotators?.length && overlap === undefined && interval === undefined)) {
    gaps.rotation = { text: 'its rotation says neither when, nor by whom, nor under which names, nor for how long the old credential may stay' };
  }
  if (rotations.some(({ interval }) => interval !== undefined) && !record.credentials?.some(({ created }) => created !== undefined)) {
    gaps.rotation_interval = { text: 'its record tells of no credential when it was created: only those of which the creation is seen are judged', some: true };
  }
  return gaps;
}

function ofGrants({ urn, aliases, granted, provenance }: IdentityRecord, now: Millis): string | null {
  if (!granted?.length) return null;
  const providers = new Set([urn, ...aliases?.map(({ value }) => value) ?? []].flatMap((name) => /^urn:nhi:([^:]+):/.exec(name)?.[1]?.toLowerCase() ?? []));
  if (!granted.some(({ permission }) => permission.startsWith('*') || providers.has(permission.slice(0, permission.indexOf(':')).toLowerCase()))) {
    return `its granted permissions are none of ${[...providers].sort().join(' or ')}`;
  }
  const dates = [provenance?.['granted']?.imported_at, ...granted.map(({ granted_at: at }) => at)].filter((at) => at !== undefined);
  if (dates.length === 0) return null;
  const listed = provenance?.['granted']?.imported_at ?? dates.sort((a, b) => Date.parse(a) - Date.parse(b)).at(-1)!;
  return now - Date.parse(listed) > GRANTS_HOLD ? `its granted permissions were listed on ${listed.slice(0, 10)}, too long ago to tell what is granted now` : null;
}
