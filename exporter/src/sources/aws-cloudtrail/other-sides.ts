import { list, object, text, type Json } from './fields.ts';

/** Where the parameters of a call lie: what ARNs are built from. */
interface Place { service: string; operation: string; partition: string }

const LONGEST = 1400;
const MOST_RULES = 16;

/**
 * The other side of a call of S3 that has two, as ARNs: the object that is copied from, and the buckets that replicas, logs and
 * inventories go to from then on. A parameter of an unknown shape names nothing.
 */
export function otherSides(request: Json, { service, operation, partition }: Place): string[] {
  if (service !== 's3') return NONE;
  switch (operation) {
    case 'copyobject': case 'uploadpartcopy': return source(request['x-amz-copy-source'], partition);
    case 'putbucketreplication': return rules(object(request['ReplicationConfiguration'])?.['Rule']).map((rule) => object(rule['Destination'])?.['Bucket']).flatMap((name) => bucket(name, partition));
    case 'putbucketlogging': return bucket(object(object(request['BucketLoggingStatus'])?.['LoggingEnabled'])?.['TargetBucket'], partition);
    case 'putbucketinventoryconfiguration': case 'putinventoryconfiguration':
      return bucket(object(object(object(request['InventoryConfiguration'])?.['Destination'])?.['S3BucketDestination'])?.['Bucket'], partition);
    default: return NONE;
  }
}

const NONE: string[] = [];

/** `/bucket/key?versionId=…`, in the encoding of a URL, or the ARN of an object behind an access point. */
function source(value: unknown, partition: string): string[] {
  const written = text(Array.isArray(value) ? value[0] : value, LONGEST);
  if (written === undefined) return [];
  const path = decoded(written).replace(/\?versionId=[^?]*$/, '').replace(/^\//, '');
  return path === '' ? [] : [path.startsWith('arn:') ? path : 'arn:' + partition + ':s3:::' + path].map((arn) => arn.slice(0, 512));
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

function rules(value: unknown): Json[] {
  const found: Json[] = [];
  for (const rule of Array.isArray(value) ? list(value).slice(0, MOST_RULES) : [value]) {
    const known = object(rule);
    if (known) found.push(known);
  }
  return found;
}

function bucket(value: unknown, partition: string): string[] {
  const name = text(value, 256);
  if (name === undefined || name === '') return [];
  return [name.startsWith('arn:') ? name : 'arn:' + partition + ':s3:::' + name];
}
