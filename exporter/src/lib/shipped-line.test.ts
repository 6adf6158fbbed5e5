import { describe, expect, it } from 'vitest';
import { shippedRecord } from './shipped-line.ts';

const record = { eventID: 'e-1', deep: { list: [1, '{'] } };
const line = JSON.stringify(record);

describe('the record in a record of a shipper', () => {
  it.each([
    ['Filebeat', { '@timestamp': '2026-11-22T10:00:00Z', message: line, log: { file: { path: '/var/log/audit.log' } }, agent: { type: 'filebeat' } }],
    ['an ingest pipeline of Elastic', { event: { original: line, dataset: 'aws.cloudtrail' }, message: 'parsed' }],
    ['Fluent Bit', { log: line + '\n', stream: 'stdout', time: '2026-11-22T10:00:00Z' }],
    ['Vector', { message: line, source_type: 'file', host: 'n1' }],
    ['Promtail', { line, labels: { job: 'audit' } }],
    ['journald', { MESSAGE: line, _SYSTEMD_UNIT: 'vault.service' }],
    ['Splunk', { _raw: line, sourcetype: 'kube:audit' }],
  ])('%s', (_, shipped) => {
    expect(shippedRecord(shipped)).toEqual(record);
  });

  it('is none where the text is no object, broken, or too deep', () => {
    const deep = '{"a":'.repeat(200) + '1' + '}'.repeat(200);
    for (const message of ['user logged in', '[1]', '"x"', '', '{', '{"a":}', deep, 7, null, { a: 1 }]) expect(shippedRecord({ message })).toBeUndefined();
    for (const other of [null, undefined, 'x', 1, [], [line], {}, { event: line }, { event: null }]) expect(shippedRecord(other)).toBeUndefined();
  });
});
