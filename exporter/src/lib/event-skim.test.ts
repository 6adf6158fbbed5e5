import { describe, expect, it } from 'vitest';
import { EVENT_KEYS, nhiEventSchema, type NhiEvent } from '@remit/contract';
import { encodeEvents } from './event-codec.ts';
import { EventSkim } from './event-skim.ts';
import { filled } from './cases/filled-event.ts';

const least = nhiEventSchema.parse({
  metadata: { original_event_uid: 'a', source: 's' }, principal_key: '', time: 0, class_uid: 0, activity_id: 0,
  actor: { identity: { urn: null, kind: 'unknown', resolution: 'none' } }, api: { operation: '' }, action: { category: 'read' }, status_id: 0,
  outcome: { denied: false }, src_kind: 'unknown', flags: [],
});

describe('skimming', () => {
  it('walks over every field of the schema, and gives any event in full', () => {
    const full = filled(['late', 'machine']);
    const many: NhiEvent = { ...full, resources: [{ name: 'n' }, { uid: 'x' }, {}], privilege: { granted_by: ['a', 'b', 'c'] }, trace: { uid: 't' } };
    const events = [full, least, many, { ...full, resources: [], actor: { ...full.actor, delegation: [] } }, full];
    const skim = new EventSkim(encodeEvents(events));
    expect(skim.count).toBe(events.length);
    for (const event of events) {
      skim.next();
      expect(skim.time).toBe(event.time);
      expect(skim.principal).toBe(event.principal_key);
      expect(skim.event()).toEqual(event);
    }
  });

  it('says of an event what evidence says', () => {
    const full = filled(['context', 'start_record']);
    const skim = new EventSkim(encodeEvents([full, { ...least, tool: { name: 'send', server: 'mail' }, sequence_key: 'q', src_kind: 'service', flags: [] }]));
    skim.next();
    expect(EVENT_KEYS.filter((key) => skim.value(key) === null || skim.value(key) === '')).toEqual([]);
    expect([skim.value('resource'), skim.value('session'), skim.value('trace'), skim.value('permission'), skim.value('account')]).toEqual(
      [full.resources![0]!.uid, full.actor.session!.uid, full.trace!.uid, full.privilege!.used, full.cloud!.account!.uid]);
    expect([skim.value('credential_type'), skim.value('span'), skim.value('status_code'), skim.value('delegation'), skim.value('flags')]).toEqual(
      [full.credential!.type, full.trace!.span!.uid, full.status_code, full.actor.delegation!.join(', '), 'start_record, context']);
    expect([skim.context, skim.announced]).toEqual([true, true]);
    skim.next();
    expect(['resource', 'trace', 'network', 'server', 'outcome', 'credential'].map((key) => skim.value(key as 'tool'))).toEqual(['send', 'q', 'service', 'mail', 'success', null]);
    expect([skim.context, skim.announced, skim.value('permission')]).toEqual([false, false, []]);
  });

  it('refuses another version and damaged bytes', () => {
    const bytes = encodeEvents([least]);
    expect(() => new EventSkim(Uint8Array.of(9, ...bytes.subarray(1)))).toThrow('format 9');
    const cut = new EventSkim(bytes.subarray(0, bytes.length - 3));
    expect(() => cut.next()).toThrow('end early');
  });
});
