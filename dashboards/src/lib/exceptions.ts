import { toRunbook } from './links.ts';
import { table } from './panels.ts';
import { each, rows } from './queries.ts';

/** Approved exceptions, which end first on top: of the chosen owners, or of the owner of one identity, given by the matchers of its series. */
export function exceptions(h: number, of?: string): ReturnType<typeof table> {
  const owned = of === undefined ? '' : ` and on (cluster, identity_owner) nhi_identity_info{${of}}`;
  const expiry = `nhi_exception_expiry_timestamp_seconds{cluster=~"$cluster"${of === undefined ? ', identity_owner=~"$owner"' : ''}}${owned}`;
  const matches = (state: string): string => `${each('exception', `nhi_exception_matches_total{cluster=~"$cluster", state="${state}"}`)} and on (cluster, exception) (${expiry})`;
  const whose = of === undefined ? 'of the chosen owners' : 'of its owner';
  return table({
    title: 'What is excepted, until when, and what that hides', w: 24, h, empty: `No exception ${whose}`, by: 'Ends', ascending: true,
    description: `Approved exceptions ${whose}: their end, the signals they hid while active, and those they would have hidden had they not ended. Empty: there are none; those that ended stay for 30 days.`,
    queries: [rows(`${each('exception, identity_owner', expiry)} * 1000`), rows(matches('active')), rows(matches('expired'))],
    columns: [
      { from: 'exception', title: 'Exception', links: [toRunbook('exception-ending')] }, { from: 'identity_owner', title: 'Owner', width: 140 }, { from: 'Value #A', title: 'Ends', unit: 'dateTimeAsIso', width: 180 },
      { from: 'Value #B', title: 'Hidden', unit: 'short', decimals: 0, width: 90 }, { from: 'Value #C', title: 'After its end', unit: 'short', decimals: 0, width: 110, steps: [['text', null], ['orange', 1]] },
    ],
  });
}
