import type { CoverageReason, CoverageState, IdentityCoverage } from '@remit/contract';
import { frameOf, table, text, type Column } from './frame.ts';
import { tell, type Kind } from './kind.ts';

/** What each detector can judge of each identity and source, what it cannot, and why. */
export const coverage: Kind = {
  limit: { usual: 1000, most: 10_000 },
  answer(ask) {
    const { filters, limit, stands } = ask;
    const rows: Row[] = [];
    let more = false;
    const wanted = new Set(filters.anyIdentity ? filters.identities(stands.explorer).map(({ urn }) => urn) : []);
    for (let cursor: string | null | undefined; cursor !== null && !more;) {
      const named = wanted.size > 0 && wanted.size <= NAMED ? { identity: [...wanted] } : {};
      const page = filters.anyIdentity && wanted.size === 0 ? NOTHING : stands.reader.identityCoverage({ limit: PAGE, ...named, ...(cursor === undefined ? {} : { cursor }) });
      for (const identity of page.items) {
        if (filters.anyIdentity && !wanted.has(identity.identity)) continue;
        for (const row of rowsOf(identity)) if (filters.test(OWN, (key) => (key === 'reason' ? said(row) : row[key]))) rows.push(row);
      }
      more = rows.length > limit || (page.cursor !== null && ask.left() === 0);
      cursor = page.cursor;
    }
    return tell(ask, [frameOf('coverage', table('table', 'table'), COLUMNS, rows.slice(0, limit))], {
      total: more ? null : rows.length, partial: more, ...(more ? { warnings: [`the first ${limit} rows; filter by identity, detector or state`] } : {}),
    });
  },
};

const PAGE = 100;
const NAMED = 100;
const NOTHING = { items: [] as IdentityCoverage[], cursor: null, total: 0 };
const OWN = ['detector', 'source', 'state', 'reason'] as const;

interface Row { identity: string; owner: string | null; kind: string; detector: string; source: string | null; state: CoverageState; reason: string[]; sentence: string; may_page: boolean }

const COLUMNS: Column<Row>[] = [
  text('identity', 'Identity', (r) => r.identity), text('source', 'Source', (r) => r.source), text('detector', 'Detector', (r) => r.detector), text('state', 'State', (r) => r.state),
  text('reason', 'Reason', (r) => r.reason.join(', ') || null), text('sentence', 'Why', (r) => r.sentence || null), text('owner', 'Owner', (r) => r.owner), text('kind', 'Kind', (r) => r.kind),
  { name: 'may_page', type: 'boolean', title: 'May page', of: (r) => r.may_page },
];

/** Each reason, and all of them as the cell shows them. */
function said({ reason }: Row): string[] {
  return reason.length > 1 ? [...reason, reason.join(', ')] : reason;
}

/** A row for each detector and source; without a source one for the detector. */
function rowsOf({ identity, owner, kind, detectors, may_page }: IdentityCoverage): Row[] {
  const row = (detector: string, source: string | null, state: CoverageState, reasons: readonly CoverageReason[]): Row => ({
    identity, owner, kind, detector, source, state, reason: reasons.map(({ code }) => code), sentence: reasons.map(({ text: why }) => why).join('; '), may_page,
  });
  return detectors.flatMap(({ detector, state, reasons, sources }) => (sources.length === 0 ? [row(detector, null, state, reasons)]
    : sources.map((each) => row(detector, each.source, each.state, each.reasons))));
}
