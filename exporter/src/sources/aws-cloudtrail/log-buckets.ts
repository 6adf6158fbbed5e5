import { Lately } from '../../lib/lately.ts';

/** Words in the name of a bucket that say that it holds logs; only whole words between separators count. */
const NAMED = /(?:^|[-_.])(?:(?:aws)?cloudtrail|trails?|audit(?:logs?|trails?)?|logs?|logging|(?:access|server|flow|vpc-?flow|elb|waf|dns)-?logs?|config-?bucket|aws-?config|guardduty|security-?lake|siem)(?:[-_.]|$)/i;
/** Where AWS delivers to: `AWSLogs/ACCOUNT/…` or `AWSLogs/ORGANISATION/ACCOUNT/…`, after any prefix. */
const DELIVERED = /(?:^|\/)AWSLogs\/(?:o-[a-z0-9]{10,32}\/)?\d{12}\//;
const BUCKETS = new Lately((name) => ({ logs: NAMED.test(name) }));
const LONGEST = 1024;

/**
 * Whether a bucket, or an object in it, holds logs, by its name alone. Of objects only those count that AWS delivered: programs tidy up logs
 * of their own all day.
 */
export function holdsLogs(bucket: unknown, key: unknown): boolean {
  if (typeof key === 'string' && key !== '') return DELIVERED.test(key.slice(0, LONGEST));
  return typeof bucket === 'string' && bucket.length <= 255 && BUCKETS.of(bucket).logs;
}
