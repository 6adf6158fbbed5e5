import type { Detector, EventRef, FleetView, JudgedIdentity, Signal } from '@remit/contract';
import { FLEET } from '@remit/contract';
import { DAY, attack, instant, moment, nist, owasp, tenet } from '../phrases.ts';

const PERIOD = 7 * DAY;
/** Share of judged identities with a record from which the others are told one by one. */
const COVERED = 0.5;
/** Bounds the work of a tick; the aggregate line counts the rest. */
const MOST = 500;
const SHOWN = 10;

/**
 * Identities that act without an inventory record. Below 50 % coverage one line for the fleet (`info` while the inventory is
 * empty, else a ticket); from there one ticket per identity and week, those that did something sensitive first.
 */
export const detector: Detector = {
  id: 'shadow-identity',
  title: 'Active machine identity without an inventory record',
  class: 'state',
  severity: 'warning',
  certain: false,
  on: 'tick',
  frameworks: [
    attack('T1136.003', 'Create Account: Cloud Account'),
    owasp('NHI1:2025', 'Improper Offboarding'),
    nist('ID.AM-02', 'Inventories of software, services, and systems managed by the organization are maintained'),
    nist('DE.CM-03', 'Personnel activity and technology usage are monitored'),
    tenet(5),
  ],
  needs: ['principal'],
  summary: '{identity} is active and nobody has recorded what it is for',
  firstAction: 'Find out who created it; record it with an owner and a purpose, or switch it off',
  fleet: {
    title: 'Too few active machine identities have an inventory record',
    summary: 'Machine identities are active that the inventory does not know, so many that they are told together; the finding says how many, and how many of them did something sensitive',
    firstAction: 'Let remit learn propose records for them, and review first those whose events the finding shows: they did something sensitive, or the most',
  },
  benign: ['A new workload whose record is still in review', 'A vendor integration that belongs to another team'],
  quietFor: PERIOD,
  inspect(state) {
    const { total, unknown } = census(state);
    if (unknown.length === 0) return [];
    const recorded = total - unknown.length;
    if (recorded / total < COVERED) return [fleet(state, unknown, total)];
    const signals = unknown.slice(0, MOST).map(single);
    if (unknown.length > MOST) signals.push(fleet(state, unknown, total));
    return signals;
  },
};

interface Unknown extends JudgedIdentity { sensitive: boolean; events: number; evidence: readonly EventRef[] }

/** Identities active in the last 7 days, and those of them without a record, the most telling first. */
function census(state: FleetView): { total: number; unknown: Unknown[] } {
  let total = 0;
  const unknown: Unknown[] = [];
  for (const identity of state.identities()) {
    if (state.now - identity.last >= PERIOD) continue;
    total++;
    if (!identity.inventoried) unknown.push(identity);
  }
  unknown.sort((a, b) => Number(b.sensitive) - Number(a.sensitive) || b.events - a.events || (a.urn < b.urn ? -1 : 1));
  return { total, unknown };
}

function fleet(state: FleetView, unknown: readonly Unknown[], total: number): Signal & { urn: string } {
  const sensitive = unknown.filter((identity) => identity.sensitive).length;
  const empty = state.inventory.records().length === 0;
  return {
    urn: FLEET, subject: 'coverage', bucket: week(state.now),
    reason: {
      expected: empty ? 'an inventory of the machine identities' : 'a record for every active machine identity',
      observed: `${unknown.length} of ${total} active identities have none, ${sensitive} of them did something sensitive`,
    },
    evidence: unknown.slice(0, SHOWN).flatMap(({ evidence }) => evidence.slice(0, 1)).sort((a, b) => a.time - b.time),
    at: unknown.reduce((latest, { last }) => Math.max(latest, last), 0),
    ...(empty ? { severity: 'info' as const } : {}),
  };
}

function single(identity: Unknown): Signal & { urn: string } {
  return {
    urn: identity.urn, subject: 'record', bucket: week(identity.last),
    reason: {
      expected: 'a record with owner and purpose',
      observed: `${identity.events} ${identity.events === 1 ? 'event' : 'events'} since ${moment(identity.first)}${
        identity.sensitive ? ', sensitive ones among them' : ''}`,
    },
    evidence: identity.evidence.slice(0, SHOWN), at: identity.last,
  };
}

function week(at: number): string { return instant(at - (at % PERIOD)).slice(0, 10); }
