import { isFetchError } from '@grafana/runtime';

/** Tries after the first one, and what is waited before them in ms: longer each time. All in all some 14 s. */
const WAITS = [400, 800, 1_600, 3_200, 4_000, 4_000];

/**
 * How long to wait in ms before an answer that says "too many at once" is asked for once more; null when the failure is another one, or it was tried
 * often enough. Panels of one dashboard must not come back all at the same moment. Grafana passes on no `Retry-After`.
 */
export function patience(error: unknown, tries: number): number | null {
  const wait = WAITS[tries - 1];
  return wait !== undefined && isFetchError(error) && error.status === 429 ? wait * (0.5 + Math.random()) : null;
}

/** How often something is tried again at most. */
export const TRIES = WAITS.length;
