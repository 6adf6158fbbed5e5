/** Most rows that the service gives of any kind. */
export const LIMIT_MOST = 10_000;

/** A limit as the service takes it, from what was typed or stored: whole, at least 1 and at most `LIMIT_MOST`; undefined when there is none. */
export function limitOf(given: unknown): number | undefined {
  const limit = typeof given === 'string' ? Number.parseInt(given, 10) : given;
  return typeof limit === 'number' && limit >= 1 ? Math.min(Math.floor(limit), LIMIT_MOST) : undefined;
}
