import { toRunbook } from './links.ts';
import { table } from './panels.ts';
import { each, rows } from './queries.ts';

/** Approved exceptions of the chosen owners, which end first on top. */
export function exceptions(h: number): ReturnType<typeof table> {
  const expiry = 'nhi_exception_expiry_timestamp_seconds{cluster=~"$cluster", identity_owner=~"$owner"}';
  const matches = (state: string): string => `${each('exception', `nhi_exception_matches_total{cluster=~"$cluster", state="${state}"}`)} and on (cluster, exception) (${expiry})`;
  return table({
    title: 'What is excepted, until when, and what that hides', w: 24, h, empty: 'No exception of the chosen owners', by: 'Ends', ascending: true,
    description: 'Approved exceptions of the chosen owners: their end, the signals they hid while active, and those they would have hidden had they not ended. Empty: there are none; those that ended stay for 30 days.',
    queries: [rows(`${each('exception, identity_owner', expiry)} * 1000`), rows(matches('active')), rows(matches('expired'))],
    columns: [
      { from: 'exception', title: 'Exception', links: [toRunbook('exception-ending')] }, { from: 'identity_owner', title: 'Owner', width: 140 }, { from: 'Value #A', title: 'Ends', unit: 'dateTimeAsIso', width: 180 },
      { from: 'Value #B', title: 'Hidden', unit: 'short', decimals: 0, width: 90 }, { from: 'Value #C', title: 'After its end', unit: 'short', decimals: 0, width: 110, steps: [['text', null], ['orange', 1]] },
    ],
  });
}
