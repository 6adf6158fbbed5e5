import { METRICS, OPEN_SERIES, UNINVENTORIED, type FleetSize } from '@remit/contract';

/** Series that the client library adds for the process itself. */
const PROCESS_SERIES = 120;

/** How the cap on series is spent. */
export interface SeriesPlan {
  /** Inventoried identities that get series of their own. */
  identities: number;
  /** Series set aside for everything that does not grow with the identities. */
  fixed: number;
  perIdentity: number;
}

/** How many inventoried identities the cap carries beside everything else; `identities` of the size is not read. Never below 0. */
export function seriesPlan(limit: number, size: Omit<FleetSize, 'identities'>): SeriesPlan {
  const fixed = count({ ...size, identities: 0 }) + PROCESS_SERIES;
  const perIdentity = count({ ...size, identities: 1 }) + PROCESS_SERIES - fixed;
  const room = Math.floor((limit - fixed) / perIdentity) - UNINVENTORIED;
  return { identities: Math.max(0, room), fixed, perIdentity };
}

function count(size: FleetSize): number {
  let sum = 0;
  for (const family of METRICS) sum += family.most(size);
  return sum;
}

/** How the series of `nhi_findings_open` are shared out. */
export const OPEN_SHARES = { own: OPEN_SERIES * 0.75, overflow: OPEN_SERIES * 0.2 } as const;
