import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { RejectedRecord, type NhiEvent, type Source } from '@remit/contract';
import { sources } from '../../exporter/src/app.ts';
import { Sieve } from '../../exporter/src/lib/sieve/sieve.ts';

type Json = Record<string, unknown>;

const CONTEXT = { feed: 'test', cluster: 'test', receivedAt: 1_795_000_000_000 };
const ROOT = new URL('../../', import.meta.url).pathname;
/** Of each sample this many lines are also tried with every field taken away, emptied or made something else. */
const CHANGED = 60;

const IAM = { eventSource: 'iam.amazonaws.com', eventCategory: 'Management', errorCode: undefined, resources: undefined };
const BUCKET = 'arn:aws:s3:::reports';
/** Rare calls, as changes of an ordinary record, and the member of the event that each is told by. */
const RARE: Readonly<Record<string, readonly [member: keyof NhiEvent, change: Json][]>> = {
  'aws-cloudtrail': [
    ['retired', { ...IAM, eventName: 'UpdateAccessKey', requestParameters: { accessKeyId: 'AKIA3333333333333333', status: 'Inactive', userName: 'bot' } }],
    ['retired', { ...IAM, eventName: 'DeleteServiceSpecificCredential', requestParameters: { serviceSpecificCredentialId: 'ACCA1', userName: 'bot' } }],
    ['retired', { ...IAM, eventName: 'DeleteLoginProfile', requestParameters: { userName: 'bot' } }],
    ['retired', { ...IAM, eventSource: 'secretsmanager.amazonaws.com', eventName: 'DeleteSecret', requestParameters: { secretId: 'db', forceDeleteWithoutRecovery: true } }],
    ['issued', { ...IAM, eventName: 'CreateAccessKey', responseElements: { accessKey: { accessKeyId: 'AKIA3333333333333333', userName: 'bot' } } }],
    ['issued', { ...IAM, eventName: 'CreateServiceSpecificCredential', responseElements: { serviceSpecificCredential: { serviceSpecificCredentialId: 'ACCA1', userName: 'bot' } } }],
    ['volume', { ...IAM, eventSource: 's3.amazonaws.com', eventName: 'GetObject', eventCategory: 'Data', readOnly: true, managementEvent: false,
      requestParameters: { bucketName: 'reports', key: 'a.csv' }, additionalEventData: { bytesTransferredIn: 0, bytesTransferredOut: 4096 },
      resources: [{ type: 'AWS::S3::Object', ARN: `${BUCKET}/a.csv` }, { accountId: '111122223333', type: 'AWS::S3::Bucket', ARN: BUCKET }] }],
  ],
  'k8s-audit': [
    ['retired', { stage: 'ResponseComplete', verb: 'delete', objectRef: { resource: 'secrets', namespace: 'shop', name: 'db', apiVersion: 'v1' }, responseStatus: { code: 200 } }],
    ['issued', { stage: 'ResponseComplete', verb: 'create', objectRef: { resource: 'serviceaccounts', subresource: 'token', namespace: 'shop', name: 'web', apiVersion: 'v1' },
      responseStatus: { code: 201 }, annotations: { 'authentication.kubernetes.io/issued-credential-id': 'JTI=1' } }],
  ],
};

/** Lines of the samples and of the sources' own cases. */
function lines(): string[] {
  const files = [
    ...readdirSync(join(ROOT, 'examples/data')).map((file) => join(ROOT, 'examples/data', file)),
    ...sources.flatMap(({ id }) => {
      const folder = join(ROOT, 'exporter/src/sources', id, 'cases');
      return readdirSync(folder, { recursive: true }).map((file) => join(folder, String(file)));
    }),
  ];
  return files.filter((file) => /\.(json|jsonl)(\.gz)?$/.test(file)).flatMap((file) => {
    const bytes = readFileSync(file);
    const text = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString();
    return file.includes('.jsonl') ? text.split('\n') : recordsIn(JSON.parse(text));
  });
}

/** Every object in a file that looks like a record. */
function recordsIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const marked = sources.some(({ marks }) => marks?.every((mark) => mark in value));
  return marked ? [JSON.stringify(value)] : Object.values(value).flatMap(recordsIn);
}

function outcome(source: Source, record: unknown): unknown {
  try {
    return source.normalise(record, CONTEXT);
  } catch (error) {
    if (error instanceof RejectedRecord) return { reason: error.reason, message: error.message };
    throw error;
  }
}

/** The same value, telling by their paths which members of it are looked at. */
function watched(value: object, path: readonly string[], seen: Map<string, readonly string[]>): object {
  const look = (key: string | symbol): void => {
    if (typeof key === 'string') seen.set(JSON.stringify([...path, key]), [...path, key]);
  };
  return new Proxy(value, {
    has: (target, key) => { look(key); return Reflect.has(target, key); },
    get: (target, key) => {
      look(key);
      const inner: unknown = Reflect.get(target, key);
      return typeof inner === 'object' && inner !== null && !Array.isArray(inner) ? watched(inner, [...path, String(key)], seen) : inner;
    },
    // Whoever asks for all members looks at any.
    ownKeys: (target) => { look('any'); return Reflect.ownKeys(target); },
  });
}

/** Values are shared between records: whoever writes to one would change them all. */
function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) for (const inner of Object.values(Object.freeze(value))) frozen(inner);
  return value;
}

describe.each(sources.filter(({ marks }) => marks))('the sieve of $id', (source) => {
  const sieve = new Sieve(source.paths, source.marks!);
  const whole = lines();

  function compare(line: string): boolean {
    const bytes = Buffer.from(line);
    const sifted = sieve.open(bytes)(0, bytes.length);
    if (sifted === null) return false;
    const parsed = JSON.parse(line) as Json;
    expect(source.recognises(frozen(sifted)), line).toBe(source.recognises(parsed));
    if (source.recognises(parsed)) expect(outcome(source, sifted), line).toEqual(outcome(source, parsed));
    return true;
  }

  it('gives the events that the whole records give', () => {
    const read = whole.filter(compare);
    expect(read.length).toBeGreaterThan(1000);
  });

  it('gives them too when any field is missing, empty or of another kind', () => {
    const own = whole.filter(compare);
    const some = own.filter((_, i) => i % Math.ceil(own.length / CHANGED) === 0);
    for (const line of some) for (const changed of variants(JSON.parse(line) as Json)) compare(JSON.stringify(changed));
  });

  it('gives them of calls that are rare', () => {
    const ordinary = JSON.parse(whole.find(compare)!) as Json;
    for (const [member, change] of RARE[source.id]!) {
      const record = { ...ordinary, ...change };
      expect(source.normalise(record, CONTEXT)[0]?.[member], JSON.stringify(change)).toBeDefined();
      for (const changed of [record, ...variants(record)]) compare(JSON.stringify(changed));
    }
  });

  it('reads every member that the source looks at', () => {
    const seen = new Map<string, readonly string[]>();
    const own = whole.filter(compare).map((line) => JSON.parse(line) as Json);
    const records = [...own, ...RARE[source.id]!.map(([, change]) => ({ ...own[0], ...change }))];
    for (const record of records) {
      const it = watched(record, [], seen);
      if (source.recognises(it)) outcome(source, it);
    }
    // Paths into what wraps a record come to nothing here: lines so wrapped are read whole.
    const members = new Set(records.flatMap((record) => Object.keys(record)));
    const ordinary = source.paths.filter((path) => members.has(/^[^.[]*/.exec(path)![0]));
    expect(seen.size).toBeGreaterThanOrEqual(ordinary.length);
    for (const path of seen.values()) {
      const record: Json = Object.fromEntries(source.marks!.map((mark) => [mark, 'x']));
      path.reduce<Json>((holder, key, i) => (holder[key] = i === path.length - 1 ? 'told' : {}) as Json, record);
      const bytes = Buffer.from(JSON.stringify(record));
      const sifted: unknown = sieve.open(bytes)(0, bytes.length);
      expect(path.reduce((value, key) => (value as Json)[key], sifted), path.join('.')).toBe('told');
    }
  });
});

/** The record with one member, at any depth, taken away or replaced. */
function* variants(record: Json): Iterable<Json> {
  for (const path of pathsOf(record)) {
    yield changed(record, path, (holder, key) => { delete holder[key]; });
    for (const value of [null, '', 'x', 1, true, [], ['x'], {}, { a: { b: 1 } }]) yield changed(record, path, (holder, key) => { holder[key] = value; });
  }
}

function changed(record: Json, path: readonly string[], change: (holder: Json, key: string) => void): Json {
  const copy = structuredClone(record);
  let holder = copy;
  for (const key of path.slice(0, -1)) holder = holder[key] as Json;
  change(holder, path.at(-1)!);
  return copy;
}

function pathsOf(value: Json, above: readonly string[] = []): string[][] {
  return Object.entries(value).flatMap(([key, inner]) => {
    const path = [...above, key];
    return [path, ...(typeof inner === 'object' && inner !== null && path.length < 4 ? pathsOf(inner as Json, path) : [])];
  });
}
