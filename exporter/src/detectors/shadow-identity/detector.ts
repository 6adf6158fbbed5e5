import type { Detector, EventRef, FleetView, JudgedIdentity, Millis, Signal, Steps } from '@remit/contract';
import { FLEET } from '@remit/contract';
import { Foremost } from '../../lib/foremost.ts';
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
  * inspect(state) {
    const all = yield* census(state);
    if (all.unknown === 0) return [];
    if ((all.total - all.unknown) / all.total < COVERED) return [fleet(state, all)];
    const signals = all.foremost.map(single);
    if (all.unknown > MOST) signals.push(fleet(state, all));
    return signals;
  },
};

interface Unknown extends JudgedIdentity { sensitive: boolean; events: number; evidence: readonly EventRef[] }

/** Identities active in the last 7 days, and of those without a record how many there are, and did something sensitive, when the last acted, and the most telling. */
interface Census { total: number; unknown: number; sensitive: number; last: Millis; foremost: Unknown[] }

function* census(state: FleetView): Steps<Census> {
  const found: Census = { total: 0, unknown: 0, sensitive: 0, last: 0, foremost: [] };
  const foremost = new Foremost<Unknown>(MOST, (a, b) => Number(b.sensitive) - Number(a.sensitive) || b.events - a.events || (a.urn < b.urn ? -1 : 1));
  yield* state.each((identity) => {
    if (state.now - identity.last >= PERIOD) return;
    found.total++;
    if (identity.inventoried) return;
    found.unknown++;
    found.sensitive += Number(identity.sensitive);
    found.last = Math.max(found.last, identity.last);
    foremost.add(identity);
  });
  return { ...found, foremost: foremost.sorted() };
}

function fleet(state: FleetView, { total, unknown, sensitive, last, foremost }: Census): Signal & { urn: string } {
  const empty = state.inventory.records().length === 0;
  return {
    urn: FLEET, subject: 'coverage', bucket: week(state.now),
    reason: {
      expected: empty ? 'an inventory of the machine identities' : 'a record for every active machine identity',
      observed: `${unknown} of ${total} active identities have none, ${sensitive} of them did something sensitive`,
    },
    evidence: foremost.slice(0, SHOWN).flatMap(({ evidence }) => evidence.slice(0, 1)).sort((a, b) => a.time - b.time),
    at: last,
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
