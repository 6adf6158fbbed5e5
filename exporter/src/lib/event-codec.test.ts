import { describe, expect, it } from 'vitest';
import { nhiEventSchema, type NhiEvent } from '@remit/contract';
import { filled } from './cases/filled-event.ts';
import { decodeEvents, encodeEvents, EventList } from './event-codec.ts';

const everything = filled(['late', 'machine']);
const least = nhiEventSchema.parse({
  metadata: { original_event_uid: 'a', source: 's' }, principal_key: '', time: 0, class_uid: 0, activity_id: 0,
  actor: { identity: { urn: null, kind: 'unknown', resolution: 'none' } }, api: { operation: '' }, action: { category: 'read' }, status_id: 0,
  outcome: { denied: false }, src_kind: 'unknown', flags: [],
});

describe('event codec', () => {
  it('gives back every field of the schema, and the absence of every optional one', () => {
    expect(decodeEvents(encodeEvents([everything, least, everything]))).toEqual([everything, least, everything]);
  });

  it('tells an empty list, an empty text, null and 0 from nothing', () => {
    const event = nhiEventSchema.parse({
      ...least, resources: [], status_code: '', volume: { bytes_out: null, rows: 0 }, actor: { ...least.actor, delegation: [] }, privilege: { used: [] },
    });
    expect(decodeEvents(encodeEvents([event]))).toEqual([event]);
  });

  it('keeps texts that UTF-8 has no bytes for', () => {
    const event = nhiEventSchema.parse({ ...least, status_detail: 'half \ud83d', status_code: '\u00fc\u{1f600}' });
    expect(decodeEvents(encodeEvents([event, everything]))).toEqual([event, everything]);
  });

  it('gives the same bytes for a list that was encoded as it grew', () => {
    const lists = [new EventList(), new EventList()];
    for (const event of [everything, least, everything]) for (const list of lists) list.add(event);
    const [events, others] = lists.map((list) => list.close()) as [NhiEvent[], NhiEvent[]];
    expect(encodeEvents(events)).toEqual(encodeEvents([everything, least, everything]));
    expect(decodeEvents(encodeEvents(others))).toEqual(others);
    expect(encodeEvents(events)).toEqual(encodeEvents(others));
  });

  it('reads what was written with the texts as a JSON list', () => {
    const bytes = Buffer.from(encodeEvents([everything, least]));
    const end = 5 + bytes.readUInt32LE(1);
    const lengths = Array.from({ length: bytes.readUInt32LE(6) }, (_, i) => bytes.readUInt32LE(10 + 4 * i));
    const whole = bytes.toString('utf8', 10 + 4 * lengths.length, end);
    let at = 0;
    const texts = Buffer.from(JSON.stringify(lengths.map((length) => whole.slice(at, at += length))));
    const head = Buffer.alloc(5, 2);
    head.writeUInt32LE(texts.length, 1);
    expect(decodeEvents(Buffer.concat([head, texts, bytes.subarray(end)]))).toEqual([everything, least]);
  });

  it('makes room for the longest numbers that a source may pass on', () => {
    const huge = { bytes_out: 1e300, bytes_in: 1e300, rows: 1e300, items: 1e300, tokens: 1e300 };
    const metadata = { ...everything.metadata, logged_time: 1e300, processed_time: 1e300 };
    const events = Array.from({ length: 300 }, () => ({ ...everything, metadata, end_time: 1e300, duration: 1e300, volume: huge }));
    expect(decodeEvents(encodeEvents(events))).toEqual(events);
  });

  it('refuses another version and damaged bytes', () => {
    const bytes = encodeEvents([everything]);
    for (const version of [1, 9]) {
      const other = bytes.slice();
      other[0] = version;
      expect(() => decodeEvents(other)).toThrow(`format ${version}`);
    }
    expect(() => decodeEvents(bytes.subarray(0, bytes.length - 2))).toThrow('end early');
  });

  it('writes a batch of like events much smaller than JSON', () => {
    const events = Array.from({ length: 500 }, (_, i) => ({ ...everything, time: everything.time + i }));
    expect(encodeEvents(events).length * 4).toBeLessThan(JSON.stringify(events).length);
  });
});
