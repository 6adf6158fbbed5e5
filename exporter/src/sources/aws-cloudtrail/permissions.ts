const SUFFIX = /\.amazonaws\.com(\.cn)?$/;

/** Event sources whose name differs from the prefix of their IAM permissions. */
const PREFIX = new Map([
  ['monitoring', 'cloudwatch'], ['email', 'ses'], ['tagging', 'tag'], ['runtime.lex', 'lex'], ['models.lex', 'lex'],
  ['api.ecr-public', 'ecr-public'], ['servicecatalog-appregistry', 'servicecatalog'], ['runtime.sagemaker', 'sagemaker'],
  ['streams.dynamodb', 'dynamodb'], ['bedrock-runtime', 'bedrock'], ['sso-oidc', 'sso'],
  ['accessanalyzer', 'access-analyzer'],
]);

/** The service an event source names, as IAM spells it: `monitoring.amazonaws.com` is `cloudwatch`. */
export function serviceOf(eventSource: string): string {
  const service = eventSource.toLowerCase().replace(SUFFIX, '');
  return PREFIX.get(service) ?? service;
}

/** Operations that IAM knows by another name, as `Operation=Permission`. */
const OTHERWISE: Record<string, string> = {
  s3: `ListObjects=ListBucket ListObjectsV2=ListBucket HeadBucket=ListBucket ListObjectVersions=ListBucketVersions
    HeadObject=GetObject SelectObjectContent=GetObject ListBuckets=ListAllMyBuckets GetBucketLifecycle=GetLifecycleConfiguration
    PutBucketLifecycle=PutLifecycleConfiguration DeleteBucketLifecycle=PutLifecycleConfiguration
    GetBucketEncryption=GetEncryptionConfiguration PutBucketEncryption=PutEncryptionConfiguration
    DeleteBucketEncryption=PutEncryptionConfiguration GetBucketReplication=GetReplicationConfiguration
    PutBucketReplication=PutReplicationConfiguration DeleteBucketReplication=PutReplicationConfiguration
    GetBucketCors=GetBucketCORS PutBucketCors=PutBucketCORS DeleteBucketCors=PutBucketCORS DeleteBucketTagging=PutBucketTagging
    GetPublicAccessBlock=GetBucketPublicAccessBlock PutPublicAccessBlock=PutBucketPublicAccessBlock
    DeletePublicAccessBlock=PutBucketPublicAccessBlock DeleteBucketPublicAccessBlock=PutBucketPublicAccessBlock
    DeleteAccountPublicAccessBlock=PutAccountPublicAccessBlock DeleteObjects=DeleteObject CopyObject=PutObject
    PostObject=PutObject CreateMultipartUpload=PutObject UploadPart=PutObject UploadPartCopy=PutObject
    CompleteMultipartUpload=PutObject ListParts=ListMultipartUploadParts ListMultipartUploads=ListBucketMultipartUploads`,
  lambda: 'Invoke=InvokeFunction InvokeAsync=InvokeFunction InvokeWithResponseStream=InvokeFunction',
  dynamodb: 'TransactGetItems=GetItem TransactWriteItems=PutItem',
  sqs: 'SendMessageBatch=SendMessage DeleteMessageBatch=DeleteMessage',
  sns: 'PublishBatch=Publish',
  bedrock: 'Converse=InvokeModel ConverseStream=InvokeModelWithResponseStream',
  kms: 'ReEncrypt=ReEncryptFrom',
};

const EXCEPTIONS = new Map<string, string>();
for (const [service, pairs] of Object.entries(OTHERWISE)) {
  for (const pair of pairs.split(/\s+/)) {
    const [operation = '', permission = ''] = pair.split('=');
    EXCEPTIONS.set(service + ':' + operation.toLowerCase(), permission);
  }
}

/** The permission string of an operation: `aws:<prefix>:<operation>`, with IAM's own name where that differs. */
export function permissionOf(service: string, operation: string): string {
  return 'aws:' + service + ':' + (EXCEPTIONS.get(service + ':' + operation.toLowerCase()) ?? operation);
}
