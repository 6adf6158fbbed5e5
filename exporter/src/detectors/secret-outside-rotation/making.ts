import type { Chain, ChainMember, NhiEvent, Remit, Rotation, ScheduleVerdict, Signal, View } from '@remit/contract';
import { fingerprint } from '../../lib/hash.ts';
import { bounded, coveredBy, day, moment, outcome, permission, target } from '../phrases.ts';
import { lasting } from './lasting.ts';

/** What is wrong with one act of making a secret; judged once, as of its time. */
export interface Made { subject: string; expected: string; observed: string; done: boolean; actions: string[]; resource: string | null }

/**
 * The step of an event that makes a secret or credential against a rotation. The rotation of the identity that a credential was
 * issued to counts before the one of the identity that made it; the first is asked as `subject`, so that makers nobody knows are
 * judged too.
 */
export function makingMembers(event: NhiEvent, view: View, role: 'actor' | 'subject'): ChainMember<Made>[] {
  if (event.action.category !== 'credential_create' || view.remit === null) return [];
  const fault = role === 'subject' ? faultOfIssue(event, view.remit, view) : faultOfMaking(event, view.remit, view);
  if (fault === null) return [];
  const name = named(event);
  const by = role === 'subject' ? ` by ${bounded(rotatorOf(event, view), 100)}` : '';
  const became = outcome(event);
  const made: Made = {
    subject: `${bounded(permission(event), 200)} (${fault.word})`, expected: fault.expected, done: became === 'success',
    observed: `${bounded(permission(event), 80)}${name === '' ? '' : ` of ${bounded(name, 80)}`}${by} at ${moment(event.time)} (${became})`,
    actions: event.privilege?.used?.slice(0, 8) ?? [], resource: event.resources?.[0]?.uid ?? event.resources?.[0]?.name ?? null,
  };
  const key = `made ${coveredBy(became, day(event.time))} ${fingerprint(made.subject)}`;
  return [{ key, slot: event.time, id: event.metadata.original_event_uid, fact: made }];
}

/** One finding for what was made with the same permission and fault on one day, in the words of the first that succeeded. */
export function makingSignals({ steps }: Chain<Made>): Signal[] {
  const telling = steps.find(({ fact }) => fact.done) ?? steps[0]!;
  const last = steps.at(-1)!;
  const more = steps.length === 1 ? '' : `, and ${steps.length - 1} more`;
  const { subject, expected, observed, done } = telling.fact;
  const actions = [...new Set(steps.flatMap(({ fact }) => fact.actions))];
  const resources = [...new Set(steps.flatMap(({ fact }) => fact.resource ?? []))];
  const complete = steps.every(({ fact }) => fact.resource !== null);
  return [{
    subject, bucket: coveredBy(done ? 'success' : 'failure', day(telling.slot)), reason: { expected, observed: observed.replace(/ \((\w+)\)$/, `${more} ($1)`) },
    evidence: [...new Set([telling, ...steps.slice(0, 7), last])].map(({ ref }) => ref).sort((a, b) => a.time - b.time),
    at: last.last, first: steps[0]!.first, count: steps.length, scope: { actions, ...(complete ? { resources } : {}) },
    ...(done ? {} : { severity: 'warning' as const }),
  }];
}

interface Fault { word: string; expected: string }

/** Of the identity that a lasting credential was issued to. */
function faultOfIssue(event: NhiEvent, remit: Remit, view: View): Fault | null {
  const { issued } = event;
  if (issued === undefined || !lasting(issued.type) || !holds(issued, event, remit, view)) return null;
  const rotation = remit.rotation(issued.uid);
  if (rotation === null) return null;
  return unknownRotator(rotation, rotatorOf(event, view), event.actor.identity.urn ?? '')
    ?? (rotation.method === 'controller' ? null : outsideWindow(rotation, event, view));
}

/** Of the identity that made it, unless the credential's own holder has a rotation. */
function faultOfMaking(event: NhiEvent, remit: Remit, view: View): Fault | null {
  const { issued } = event;
  if (issued !== undefined && lasting(issued.type) && holderOf(issued, event, view)?.rotation(issued.uid)) return null;
  const names = namesOf(event);
  const listed = listFor(remit, names);
  const rotation = remit.rotation(listed.credential);
  if (rotation === null) return null;
  const covered = names.some((name) => rotation.covers(name));
  if (listed.names && !covered) return { word: 'unlisted name', expected: 'only the names listed in rotation' };
  // Controllers write all day: the names, not the hour, say what they are for.
  if (rotation.method === 'controller' && listed.names) return null;
  return unknownRotator(rotation, view.identity.urn, view.identity.urn) ?? outsideWindow(rotation, event, view);
}

function unknownRotator(rotation: Rotation, urn: string, native: string): Fault | null {
  if (rotation.rotator(urn) !== 'outside' || rotation.rotator(native) === 'allowed') return null;
  return { word: 'unknown rotator', expected: 'only an approved rotator to renew it' };
}

function outsideWindow(rotation: Rotation, event: NhiEvent, view: View): Fault | null {
  const verdict = rotation.window(event.time, view.timeResolution);
  if (verdict.state !== 'outside' && verdict.state !== 'blackout') return null;
  return { word: 'outside the window', expected: `secrets made only ${windowText(verdict)}` };
}

function windowText(verdict: ScheduleVerdict): string {
  if (verdict.state !== 'outside' || verdict.nearest === null) return 'inside the rotation window';
  const { start, end, timezone } = verdict.nearest;
  return `inside the rotation window, the nearest from ${moment(start)} to ${moment(end)} (${bounded(timezone, 64)})`;
}

/** The rotation that a name belongs to: a credential of the record with that id, else the identity's; and whether it lists names. */
function listFor({ record }: Remit, names: readonly string[]): { credential: string | undefined; names: boolean } {
  const credential = record.credentials?.find(({ uid, rotation }) => rotation !== undefined && names.includes(uid));
  return { credential: credential?.uid, names: ((credential?.rotation ?? record.rotation)?.names?.length ?? 0) > 0 };
}

/** How the made thing may be called: id or name of the target, with its namespace, or the id of the credential. */
function namesOf(event: NhiEvent): string[] {
  const { uid, name, namespace } = event.resources?.[0] ?? {};
  const names = [name, uid, namespace !== undefined && name !== undefined ? `${namespace}/${name}` : undefined, event.issued?.uid];
  return names.filter((one) => one !== undefined);
}

function named(event: NhiEvent): string {
  return event.resources?.[0]?.name ?? (target(event) || (event.issued?.uid ?? ''));
}

type Holder = { principal_key?: string | undefined; name_key?: string | undefined };

function holderOf({ principal_key: key, name_key: name }: Holder, { time }: NhiEvent, view: View): Remit | null {
  return view.recordOf([key, name].filter((one) => one !== undefined), time);
}

/** Whether a record is the one of the principal that a credential was issued to or taken from. */
export function holds(of: Holder, event: NhiEvent, remit: Remit, view: View): boolean {
  return holderOf(of, event, view)?.record.urn === remit.record.urn;
}

/** Who made it, by its record where it has one. */
function rotatorOf(event: NhiEvent, view: View): string {
  const { urn } = event.actor.identity;
  return view.recordOf([event.principal_key, ...urn === null ? [] : [urn]], event.time)?.record.urn ?? urn ?? event.principal_key;
}
