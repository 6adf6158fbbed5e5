import type { Chain, ChainStep, Detector, EventRef, Millis, Signal } from '@remit/contract';
import { attack, bounded, DAY, moment, nist, owasp, tenet } from '../phrases.ts';
import { addTrait, isUndeclared, STRETCH, traitsOf } from './traits.ts';
import type { Calls, Held, MachineSeen, PersonSeen, Trait } from './traits.ts';

/** Calls in ten minutes that nobody types. */
const PACE = 120;

/**
 * A person and a machine use one credential of an identity that nobody has declared: the source proves both for it, or a lasting
 * credential of somebody who signs in in person (MFA, console, single sign-on) makes at least 120 calls in ten minutes. One ticket per
 * credential, never a page. User agents are shown and decide nothing; the class of the identity plays no part.
 */
export const detector: Detector = {
  id: 'mixed-use',
  title: 'Person and machine use one credential',
  class: 'state',
  severity: 'warning',
  certain: false,
  on: 'chain',
  unrecorded: true,
  frameworks: [
    attack('T1078.004', 'Valid Accounts: Cloud Accounts'),
    owasp('NHI10:2025', 'Human Use of NHI'),
    owasp('NHI9:2025', 'NHI Reuse'),
    nist('PR.AA-01', 'Identities and credentials for authorized users, services, and hardware are managed by the organization'),
    nist('DE.CM-03', 'Personnel activity and technology usage are monitored'),
    tenet(6),
  ],
  needs: ['principal', 'credential', 'action'],
  summary: 'A person and a machine use the same credential of {identity}',
  firstAction: 'Ask the person what runs with the credential, and give the machine an identity of its own with a record',
  benign: [
    'A person who runs an infrastructure tool from a desk with a key of their own', 'A large copy or listing that a person started by hand',
  ],
  quietFor: 30 * DAY,
  keeps: 3 * DAY,
  cap: 128,
  of: (event, view, role) => (role === 'actor' ? traitsOf(event, view) : []),
  add: (into: Trait | null, id, event, view) => addTrait(into, id, event, view),
  tells: (steps: readonly ChainStep<Trait>[]) => steps.some(({ fact }) => fact.trait === 'person'),
  inspect({ steps }: Chain<Trait>, { remit }) {
    const person = steps.find(({ fact }) => fact.trait === 'person') as ChainStep<PersonSeen> | undefined;
    if (person === undefined || !isUndeclared(remit)) return [];
    const found = new Map<string, Signal>();
    for (const step of steps) {
      const signals = step.fact.trait === 'calls' ? ofPace(step as ChainStep<Calls>, person) : step.fact.trait === 'machine' ? ofProofs(step as ChainStep<MachineSeen>, steps) : [];
      for (const signal of signals) if (!found.has(signal.subject)) found.set(signal.subject, signal);
    }
    return [...found.values()];
  },
};

/** A lasting credential of a person at the pace of a machine. The words stay as they were when it first showed. */
function ofPace({ fact: { uid, counts, tools }, slot, first, ref }: ChainStep<Calls>, person: ChainStep<PersonSeen>): Signal[] {
  const at = counts.findIndex((count, index) => index % 2 === 1 && count >= PACE);
  if (at < 0) return [];
  const from = slot + counts[at - 1]! * STRETCH;
  const named = tools.length === 0 ? '' : `, with user agents that name ${tools.join(', ')}`;
  return [signalOf(uid, [ref, person.ref], Math.max(first, person.first, from), Math.min(first, person.first),
    `at least ${PACE} calls in ten minutes from ${moment(from)}${named}, and a ${person.fact.how.join(', ')} from ${moment(person.first)}`, PACE + 1)];
}

/** Credentials for which the source proves a machine and, within the days kept, a person. */
function ofProofs({ fact }: ChainStep<MachineSeen>, steps: readonly ChainStep<Trait>[]): Signal[] {
  const signals: Signal[] = [];
  for (const machine of fact.with) {
    const person = personWith(machine.uid, steps);
    if (person === null) continue;
    const [from, to] = [Math.min(machine.at, person.held.at), Math.max(machine.at, person.held.at)];
    signals.push(signalOf(machine.uid, [machine.ref, person.held.ref], to, from,
      `a workload from ${moment(machine.at)} and a ${person.how.join(', ')} from ${moment(person.held.at)}`, 2));
  }
  return signals;
}

function personWith(uid: string, steps: readonly ChainStep<Trait>[]): { held: Held; how: readonly string[] } | null {
  for (const { fact } of steps) {
    const held = fact.trait === 'person' ? fact.with.find((one) => one.uid === uid) : undefined;
    if (held !== undefined) return { held, how: (fact as PersonSeen).how };
  }
  return null;
}

function signalOf(uid: string, evidence: readonly EventRef[], at: Millis, first: Millis, observed: string, count: number): Signal {
  return {
    subject: `credential:${bounded(uid, 200)}`, bucket: 'once',
    reason: { expected: 'a person or a machine, each with a credential of its own', observed },
    evidence: [...evidence].sort((a, b) => a.time - b.time), at, first, count,
  };
}
