import { describe, expect, it } from 'vitest';
import { mappedSource, mappingSchema } from '../sources/generic/source.ts';
import { source as kubernetes } from '../sources/k8s-audit/source.ts';
import { Normaliser } from './normalise.ts';

const context = { feed: 'test', cluster: 'prod', receivedAt: 0 };
const record = {
  kind: 'Event', apiVersion: 'audit.k8s.io/v1', auditID: 'a-1', stage: 'ResponseComplete', verb: 'get', user: { username: 'system:serviceaccount:shop:web' },
  objectRef: { resource: 'pods', namespace: 'shop', name: 'p' }, responseStatus: { code: 200 }, requestReceivedTimestamp: '2026-03-02T09:15:01Z',
};
const shipped = { '@timestamp': '2026-03-02T09:15:02Z', message: JSON.stringify(record), log: { offset: 7 } };
const mine = mappedSource(mappingSchema.parse({
  id: 'mine', match: { kind: 'mine' }, fields: { time: 'at', operation: 'what', category: { value: 'read' }, principal: { name: 'who' } },
}));

describe('a record inside a record of a shipper', () => {
  it('is read as it would be by itself, whether its source is named or found', () => {
    const alone = new Normaliser([kubernetes]).record(record, null, context);
    expect(alone).toMatchObject({ source: 'k8s-audit', events: [{ principal_key: 'system:serviceaccount:shop:web@prod' }] });
    expect(new Normaliser([mine, kubernetes]).record(shipped, null, context)).toEqual(alone);
    expect(new Normaliser([mine, kubernetes]).record(shipped, kubernetes, context)).toEqual(alone);
  });

  it('is left alone where somebody reads the record around it', () => {
    const own = { ...shipped, kind: 'mine', at: '2026-03-02T09:15:02Z', what: 'look', who: 'etl' };
    expect(new Normaliser([mine, kubernetes]).record(own, null, context)).toMatchObject({ source: 'mine', events: [{ api: { operation: 'look' } }] });
  });

  it('is refused for the reason of the record around it where it is of no source', () => {
    const other = { message: '{"hello":"world"}' };
    expect(new Normaliser([kubernetes]).record(other, null, context)).toMatchObject({ source: 'unknown', reason: 'unknown_shape' });
    expect(new Normaliser([kubernetes]).record(other, kubernetes, context)).toMatchObject({ source: 'k8s-audit', reason: 'missing_field' });
  });
});
