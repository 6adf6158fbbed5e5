import type { LogRecord } from './corpus.ts';
import { type Random, uuid } from './random.ts';

/** Account number that AWS keeps for documentation. */
const ACCOUNT = '111122223333';
const REGION = 'eu-central-1';

interface Call { service: string; event: string; action: string; params(identity: number): object; resource(identity: number): string }

const CALLS: readonly Call[] = [
  {
    service: 's3.amazonaws.com', event: 'GetObject', action: 'aws:s3:GetObject',
    params: (i) => ({ bucketName: `team-${i % 97}-files`, key: `in/${i}/batch.parquet`, Host: `team-${i % 97}-files.s3.${REGION}.amazonaws.com` }),
    resource: (i) => `arn:aws:s3:::team-${i % 97}-files/in/${i}/batch.parquet`,
  },
  {
    service: 's3.amazonaws.com', event: 'PutObject', action: 'aws:s3:PutObject',
    params: (i) => ({ bucketName: `team-${i % 97}-files`, key: `out/${i}/batch.parquet`, 'x-amz-server-side-encryption': 'aws:kms' }),
    resource: (i) => `arn:aws:s3:::team-${i % 97}-files/out/${i}/batch.parquet`,
  },
  {
    service: 'kms.amazonaws.com', event: 'Decrypt', action: 'aws:kms:Decrypt',
    params: (i) => ({ encryptionAlgorithm: 'SYMMETRIC_DEFAULT', encryptionContext: { table: `team-${i % 97}` } }),
    resource: (i) => `arn:aws:kms:${REGION}:${ACCOUNT}:key/${uuid(i % 97, 7, 7, 7)}`,
  },
  {
    service: 'dynamodb.amazonaws.com', event: 'DescribeTable', action: 'aws:dynamodb:DescribeTable',
    params: (i) => ({ tableName: `orders-${i % 97}` }), resource: (i) => `arn:aws:dynamodb:${REGION}:${ACCOUNT}:table/orders-${i % 97}`,
  },
  {
    service: 'sqs.amazonaws.com', event: 'SendMessage', action: 'aws:sqs:SendMessage',
    params: (i) => ({ queueUrl: `https://sqs.${REGION}.amazonaws.com/${ACCOUNT}/work-${i % 97}` }),
    resource: (i) => `arn:aws:sqs:${REGION}:${ACCOUNT}:work-${i % 97}`,
  },
];

export function urnOf(identity: number): string {
  return `urn:nhi:aws:${ACCOUNT}:role/job-${identity}`;
}

/** One CloudTrail record of a role's session, of about the size that real ones have. */
export function fleetRecord(identity: number, time: number, random: Random): LogRecord {
  const call = CALLS[(identity + random.between(0, 1)) % CALLS.length]!;
  const name = `job-${identity}`;
  const principal = `AROA${String(identity).padStart(16, 'X')}`;
  const session = `i-${String(identity).padStart(17, '0')}`;
  const at = `${new Date(time).toISOString().slice(0, 19)}Z`;
  const id = uuid(random.bits(), random.bits(), random.bits(), random.bits());
  const record = {
    eventVersion: '1.09',
    userIdentity: {
      type: 'AssumedRole', principalId: `${principal}:${session}`, arn: `arn:aws:sts::${ACCOUNT}:assumed-role/${name}/${session}`,
      accountId: ACCOUNT, accessKeyId: `ASIA${String(identity).padStart(16, 'Q')}`,
      sessionContext: {
        sessionIssuer: { type: 'Role', principalId: principal, arn: `arn:aws:iam::${ACCOUNT}:role/${name}`, accountId: ACCOUNT, userName: name },
        attributes: { creationDate: at, mfaAuthenticated: 'false' }, ec2RoleDelivery: '2.0',
      },
    },
    eventTime: at, eventSource: call.service, eventName: call.event, awsRegion: REGION, sourceIPAddress: `10.${identity % 200}.3.17`,
    userAgent: 'aws-sdk-go-v2/1.30.3 os/linux lang/go#1.22.5 md/GOOS#linux md/GOARCH#amd64 api/s3#1.58.2',
    requestParameters: call.params(identity), responseElements: null, requestID: uuid(random.bits(), 1, 2, random.bits()), eventID: id,
    readOnly: call.event !== 'PutObject', eventType: 'AwsApiCall', managementEvent: false, recipientAccountId: ACCOUNT, eventCategory: 'Data',
    resources: [{ accountId: ACCOUNT, type: 'AWS::S3::Object', ARN: call.resource(identity) }],
    tlsDetails: { tlsVersion: 'TLSv1.3', cipherSuite: 'TLS_AES_128_GCM_SHA256', clientProvidedHostHeader: `${call.service}` },
  };
  return { line: JSON.stringify(record), id, time: Date.parse(at) };
}

/** Records of `identities` roles, a few of which do most of the work (Zipf, exponent 1.1). */
export class Fleet {
  readonly #random: Random;
  readonly #cumulative: Float64Array;
  readonly #step: number;
  #time: number;

  constructor(identities: number, random: Random, start: number, step: number) {
    this.#random = random;
    this.#time = start;
    this.#step = step;
    this.#cumulative = new Float64Array(identities);
    let sum = 0;
    for (let i = 0; i < identities; i++) this.#cumulative[i] = sum += (i + 1) ** -1.1;
  }

  next(): LogRecord {
    const identity = search(this.#cumulative, this.#random.next() * this.#cumulative.at(-1)!);
    this.#time += this.#step;
    return fleetRecord(identity, this.#time, this.#random);
  }
}

/**
 * An inventory of every `every`-th role of a fleet, with a window around `hour` (UTC), actions, resources and networks; one in a
 * hundred has the wrong window or lacks an action, so that there is something to find. `others` are records of other identities.
 */
export function fleetInventory(identities: number, every: number, hour: number, others: readonly object[] = []): Record<string, string> {
  const files: Record<string, string> = { 'owners.json': JSON.stringify({ version: 1, owners: [{ team: 'jobs', contact: '#jobs', enforce: true }], identities: others }) };
  let records: object[] = [];
  const flush = () => {
    files[`fleet-${Object.keys(files).length}.json`] = JSON.stringify({ version: 1, identities: records });
    records = [];
  };
  for (let i = 0; i < identities; i += every) {
    const wrong = (i / every) % 100 === 99;
    records.push({
      urn: urnOf(i), kind: 'workload', owner: 'jobs', purpose: 'Moves files between teams', criticality: 'medium', environment: 'production',
      aliases: [{ type: 'role_id', value: `AROA${String(i).padStart(16, 'X')}` }],
      schedule: { windows: [{ cron: `0 ${(hour + (wrong ? 12 : 23)) % 24} * * *`, duration: '8h', timezone: 'UTC' }] },
      actions: CALLS.filter((_, n) => !wrong || n !== i % CALLS.length).map((call) => call.action), resources: ['arn:aws:*'], networks: ['10.0.0.0/8'],
    });
    if (records.length === 4000) flush();
  }
  flush();
  return files;
}

function search(cumulative: Float64Array, at: number): number {
  let low = 0;
  let high = cumulative.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (cumulative[middle]! < at) low = middle + 1;
    else high = middle;
  }
  return low;
}
