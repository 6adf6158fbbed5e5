import { OVERFLOW } from '@remit/contract';
import type { Finding, FindingsFilter, Page, Reader } from '@remit/contract';
import { labelValue } from '../lib/label-value.ts';

/**
 * Findings of a filter whose identities are named by their URN or as the metrics name them: the link in an alert carries the
 * label, which is shortened where a URN is long. `_overflow_` stands for whoever has no series of its own, so it leaves the
 * identity open.
 */
export function findingsOf(reader: Reader, filter: FindingsFilter): Page<Finding> {
  const { identity: named, ...rest } = filter;
  if (named === undefined || named.includes(OVERFLOW)) return reader.findings(rest);
  const odd = new Set(named.filter((name) => NOT_PLAIN.test(name)));
  if (odd.size === 0) return reader.findings(filter);
  return reader.findings({ ...rest, identity: [...new Set([...named, ...urnsOf(reader, odd)])] });
}

/** What a label has and a plain URN of at most 128 bytes has not. */
const NOT_PLAIN = /\\|~[0-9a-f]{16}$/;
const AT_ONCE = 10_000;

function urnsOf(reader: Reader, labels: ReadonlySet<string>): Set<string> {
  const urns = new Set<string>();
  const others = new Set<string>();
  for (let cursor: string | null | undefined; cursor !== null;) {
    const page: Page<Finding> = reader.findings({ limit: AT_ONCE, ...(cursor === undefined ? {} : { cursor }) });
    for (const { identity } of page.items) {
      if (urns.has(identity) || others.has(identity)) continue;
      (labels.has(labelValue(identity)) ? urns : others).add(identity);
    }
    cursor = page.cursor;
  }
  return urns;
}
