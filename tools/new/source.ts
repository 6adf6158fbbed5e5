/** The files of a new source: one that reads a small, flat record, with a case and its golden. */
export function sourceFiles(id: string): Record<string, string> {
  return {
    'source.ts': code(id), 'cases/example.json': `${JSON.stringify([record(id)], null, 1)}\n`,
    'cases/example.golden.json': `${JSON.stringify([event(id)], null, 1)}\n`, 'README.md': readme(id),
  };
}

function record(id: string): Record<string, unknown> {
  return { format: id, id: '0001', time: '2026-11-22T10:00:00Z', account: 'acme', app: 'nightly-export', action: 'report.read', target: 'report/2026', ok: true };
}

function event(id: string): Record<string, unknown> {
  const urn = `urn:nhi:${id}:acme:app/nightly-export`;
  return {
    metadata: { original_event_uid: '0001', source: id }, principal_key: `${id}:acme:app/nightly-export`, time: Date.parse('2026-11-22T10:00:00Z'),
    class_uid: 6003, activity_id: 0,
    actor: { identity: { urn, kind: 'oauth_app', resolution: 'derived' }, user: { name: 'nightly-export', type: 'app', account: { uid: 'acme' } } },
    api: { operation: 'report.read' }, action: { category: 'read' }, resources: [{ uid: 'report/2026' }], status_id: 1,
    outcome: { denied: false }, src_kind: 'unknown', privilege: { used: [`${id}:report.read`] }, flags: [],
  };
}

function code(id: string): string {
  return `import type { Category, Source } from '@remit/contract';
import { RejectedRecord } from '@remit/contract';
import { urn } from '../../lib/urn.ts';

/** Flat records of one action each: who (\`account\`, \`app\`), what (\`action\`, \`target\`), when, and whether it worked. */
export const source: Source = {
  id: '${id}',
  title: 'Flat records of one action each',
  fills: ['principal', 'action', 'resource', 'outcome', 'privilege'],
  lateness: 3_600_000,
  maxSilence: 3_600_000,
  timeResolution: 1000,
  paths: ['format', 'id', 'time', 'account', 'app', 'action', 'target', 'ok'],
  recognises(record) { return isObject(record) && record['format'] === '${id}'; },
  normalise(record) {
    if (!isObject(record)) throw new RejectedRecord('unknown_shape', 'not a JSON object');
    const account = required(record, 'account');
    const app = required(record, 'app');
    const action = required(record, 'action');
    const time = Date.parse(required(record, 'time'));
    if (Number.isNaN(time)) throw new RejectedRecord('bad_time', 'time is no RFC 3339 time');
    const target = record['target'];
    const worked = record['ok'] === true;
    return [{
      metadata: { original_event_uid: required(record, 'id'), source: '${id}' },
      principal_key: \`${id}:\${account}:app/\${app}\`, time, class_uid: 6003, activity_id: 0,
      actor: {
        identity: { urn: urn('${id}', account, 'app', app), kind: 'oauth_app', resolution: 'derived' },
        user: { name: app, type: 'app', account: { uid: account } },
      },
      api: { operation: action }, action: { category: category(action) },
      ...(typeof target === 'string' ? { resources: [{ uid: target.slice(0, 512) }] } : {}),
      status_id: worked ? 1 : 2, outcome: { denied: record['ok'] === 'denied' }, src_kind: 'unknown',
      privilege: { used: [\`${id}:\${action}\`] }, flags: [],
    }];
  },
};

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function required(record: Record<string, unknown>, field: string): string {
  const value = Object.hasOwn(record, field) ? record[field] : undefined;
  if (typeof value !== 'string' || value === '') throw new RejectedRecord('missing_field', field);
  if (value.length > 256) throw new RejectedRecord('too_large', field);
  return value;
}

function category(action: string): Category {
  if (action.endsWith('.delete')) return 'delete';
  return action.endsWith('.read') ? 'read' : 'write';
}
`;
}

function readme(id: string): string {
  return `# ${id}

Flat records of one action each, an example of a source.

## Getting the records here
\`POST /ingest?source=${id}\` with a record, an array or NDJSON; the source is also recognised by \`format\`.

## Who is who
| record | identity |
|---|---|
| \`account\`, \`app\` | \`urn:nhi:${id}:<account>:app/<app>\` |

## What it cannot see
Networks, credentials and sessions: the records do not carry them.

## Cases
\`cases/example.json\` is made up. \`UPDATE_GOLDEN=1 npm test -- sources\` writes the goldens again.
`;
}
