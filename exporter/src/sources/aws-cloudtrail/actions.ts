import type { Category } from '@remit/contract';
import { CODE, EXACT, EXEC, MONITORING, SPELLED } from './action-table.ts';
import { list, object, yes, type Json } from './fields.ts';
import { holdsLogs } from './log-buckets.ts';
import { permissionOf, serviceOf } from './permissions.ts';

/** What is known of an API action from its two names alone. */
export interface Action {
  /** As IAM spells it: `cloudwatch` for `monitoring.amazonaws.com`. */
  service: string;
  /** Lower case, without API date. */
  operation: string;
  category: Category;
  /** Neither the table nor the verb tells the category. */
  guessed: boolean;
  /** The IAM permission it exercises, for example `aws:s3:ListBucket`. */
  permission: string;
  /** It weakens what is watched, or can. */
  monitoring: boolean;
  /** It opens an interactive session inside a workload. */
  exec: boolean;
  /** It makes a workload run a command or code with rights of its own. */
  code: boolean;
  /** A person's sign-in. */
  signIn: boolean;
  /** OCSF class: 3002 for sign-ins, else 6003. */
  classUid: number;
  /** OCSF activity: 1 create (of a sign-in: log on), 2 read, 3 update, 4 delete, 99 other. */
  activityId: number;
  /** What in the request can change the category, or bring a flag. */
  refine: ((request: Json) => Refinement) | undefined;
}

/** A flag that the request brings, or another category. */
export type Refinement = Category | 'monitoring' | 'code' | undefined;

const DATE_SUFFIX = /_?20\d\d_?[01]\d_?[0-3]\d(v\d+)?$/i;
/** Any present or future way to give an IAM principal a policy. */
const IAM_GRANT = /^iam:(?:attach|put)\w*policy$/;
const MAX_KNOWN = 8192;
const known = new Map<string, Map<string, Action>>();
let knownSize = 0;

/**
 * Looks an action up by `eventSource` and `eventName`. Letter case and API-date suffixes (`CreateFunction20150331v2`) do not
 * matter; a permission is spelled as the table has it. Names the table does not know go by their verb, and unknown verbs count as `write`.
 */
export function actionOf(eventSource: string, eventName: string): Action {
  const found = known.get(eventSource)?.get(eventName);
  if (found) return found;
  const action = classify(eventSource, eventName);
  if (knownSize < MAX_KNOWN) {
    let names = known.get(eventSource);
    if (!names) known.set(eventSource, names = new Map());
    names.set(eventName, action);
    knownSize++;
  }
  return action;
}

function classify(eventSource: string, eventName: string): Action {
  const service = serviceOf(eventSource);
  const operation = eventName.replace(DATE_SUFFIX, '');
  const lowered = operation.toLowerCase();
  const key = service + ':' + lowered;
  const verb = VERBS.find(([pattern]) => pattern.test(lowered));
  const [, verbCategory, verbActivity] = verb ?? UNKNOWN_VERB;
  const told = EXACT.get(key) ?? (IAM_GRANT.test(key) ? 'authz_grant' : undefined);
  const category = told ?? verbCategory;
  const signIn = category === 'authn';
  return {
    service,
    operation: lowered,
    category,
    guessed: told === undefined && verb === undefined,
    permission: permissionOf(service, SPELLED.get(key) ?? operation),
    monitoring: MONITORING.has(key),
    exec: EXEC.has(key),
    code: CODE.has(key),
    signIn,
    classUid: signIn ? 3002 : 6003,
    activityId: signIn ? 1 : verbActivity === UPDATE ? ACTIVITY[category] ?? UPDATE : verbActivity,
    refine: REFINE.get(key),
  };
}

const UPDATE = 3;
/** For names whose verb says nothing. */
const ACTIVITY: Partial<Record<Category, number>> = {
  read: 2, list: 2, delete: 4, credential_use: 99, execute_tool: 99, message_send: 99, export: 99,
};

const VERBS: readonly [RegExp, Category, number][] = [
  [/^list/, 'list', 2],
  [/^(batch)?(get|describe|head|lookup|search|check|test|validate|preview|simulate|estimate|verify|decode|query|scan|view|select|count|is(?!su|ola))/, 'read', 2],
  [/^(batch)?(delete|terminate|deregister|purge|destroy|abort)/, 'delete', 4],
  [/^export/, 'export', 99],
  [/^(batch)?(create|run|allocate|register|import|upload|generate|issue|request|copy)/, 'write', 1],
];

const UNKNOWN_VERB: readonly [undefined, Category, number] = [undefined, 'write', UPDATE];

const decrypted = (request: Json): Refinement => (yes(request['withDecryption']) ? 'credential_use' : undefined);
const carriesPolicy = (request: Json): Refinement => {
  const attributes = request['attributes'];
  const inAttributes = typeof attributes === 'object' && attributes !== null && Object.hasOwn(attributes, 'Policy');
  return inAttributes || request['attributeName'] === 'Policy' ? 'share' : undefined;
};
/** Taking accounts off a share is no share; an absent list may be a shape we do not know, so it stays one. */
const adds = (permission: string) => (request: Json): Refinement => {
  const change = request[permission];
  if (typeof change !== 'object' || change === null) return undefined;
  return Object.hasOwn(change, 'remove') && !Object.hasOwn(change, 'add') ? 'write' : undefined;
};
const addsValues = (request: Json): Refinement =>
  (Array.isArray(request['valuesToRemove']) && !Array.isArray(request['valuesToAdd']) ? 'write' : undefined);

const ofLogs = (request: Json): Refinement => (holdsLogs(request['bucketName'], request['key']) ? 'monitoring' : undefined);
/** A new password of a database's first user, or a database that the internet reaches. */
const opensDatabase = (request: Json): Refinement => {
  if (request['masterUserPassword'] !== undefined || yes(request['manageMasterUserPassword']) || yes(request['rotateMasterUserPassword'])) return 'credential_create';
  return yes(request['publiclyAccessible']) ? 'share' : undefined;
};
const stopsLogs = (request: Json): Refinement =>
  (list(object(request['cloudwatchLogsExportConfiguration'])?.['disableLogTypes']).length > 0 ? 'monitoring' : undefined);
/** An alarm that is switched off, or that is told to tell nobody. */
const tellsNobody = (request: Json): Refinement => {
  const on = request['actionsEnabled'];
  const actions = request['alarmActions'];
  return on === false || on === 'false' || (Array.isArray(actions) && actions.length === 0) ? 'monitoring' : undefined;
};
const ALARMS = /(?:^|[:_.-])(?:alarms?|alerts?|alerting|monitoring|oncall|on-call|pager|pagerduty|opsgenie|incidents?|guardduty|security-?(?:hub|events?|findings?)?|cloudwatch)(?:[:_.-]|$)/i;
/** Topics are known by their names alone: those of alarms and of who is on call. */
const ofAlarms = (request: Json): Refinement => {
  const arn = request['subscriptionArn'] ?? request['topicArn'];
  return typeof arn === 'string' && arn.length <= 512 && ALARMS.test(arn.split(':')[5] ?? '') ? 'monitoring' : undefined;
};
const FILTERS = new Set(['FilterPolicy', 'FilterPolicyScope']);
const WATCHING_ADDONS = new Set(['amazon-cloudwatch-observability', 'adot', 'aws-guardduty-agent']);
const stopsAccessLog = (request: Json): Refinement => {
  // Of classic load balancers.
  const classic = object(object(request['loadBalancerAttributes'])?.['accessLog'])?.['enabled'];
  if (classic === false || classic === 'false') return 'monitoring';
  for (const item of list(request['attributes'])) {
    const attribute = object(item);
    if (/^(?:access|connection)_logs\.s3\.enabled$/.test(String(attribute?.['key'])) && String(attribute?.['value']) === 'false') return 'monitoring';
  }
  return undefined;
};

/** Kinds of logs that a domain of OpenSearch publishes, of which one is switched off. */
const stopsPublishing = (request: Json): Refinement => {
  const options = object(request['logPublishingOptions']);
  for (const kind in options) if (isOff(object(options[kind])?.['enabled'])) return 'monitoring';
  return undefined;
};
/** A distribution that is configured without logs. */
const logsNothing = (request: Json): Refinement => (isOff(object(object(request['distributionConfig'])?.['logging'])?.['enabled']) ? 'monitoring' : undefined);
/** Of a stage: access logs removed, or execution logs and tracing off. */
const silencesStage = (request: Json): Refinement => {
  for (const item of list(request['patchOperations'])) {
    const { op, path, value } = object(item) ?? {};
    const at = String(path).toLowerCase();
    if (at.startsWith('/accesslogsettings') && op === 'remove') return 'monitoring';
    if ((at.endsWith('/logging/loglevel') && String(value).toLowerCase() === 'off') || (/\/(?:tracingenabled|logging\/datatrace|metrics\/enabled)$/.test(at) && isOff(value))) return 'monitoring';
  }
  return undefined;
};
/** Of a stage of an HTTP API, where what is left out stays as it is. */
const silencesRoutes = (request: Json): Refinement =>
  (String(object(request['defaultRouteSettings'])?.['loggingLevel']).toLowerCase() === 'off' ? 'monitoring' : undefined);
function isOff(value: unknown): boolean { return value === false || String(value).toLowerCase() === 'false'; }

const REFINE = new Map<string, (request: Json) => Refinement>([
  ['ssm:getparameter', decrypted],
  ['ssm:getparameters', decrypted],
  ['ssm:getparametersbypath', decrypted],
  ['ssm:getparameterhistory', decrypted],
  // The type is left out when a parameter is overwritten, which may well be a secret.
  ['ssm:putparameter', (r) => (r['type'] === 'String' || r['type'] === 'StringList' ? 'write' : undefined)],
  // What an instance is started with often holds its secrets.
  ['ec2:describeinstanceattribute', (r) => (r['attribute'] === 'userData' ? 'credential_use' : undefined)],
  ...['updateaccesskey', 'updateservicespecificcredential', 'updatesshpublickey', 'updatesigningcertificate']
    .map((name) => [`iam:${name}`, (r: Json) => (r['status'] === 'Active' ? 'credential_create' : undefined)] as const),
  ['ec2:modifysnapshotattribute', adds('createVolumePermission')],
  ['ec2:modifyimageattribute', adds('launchPermission')],
  ['rds:modifydbsnapshotattribute', addsValues],
  ['rds:modifydbclustersnapshotattribute', addsValues],
  ['sqs:setqueueattributes', carriesPolicy],
  ['sns:settopicattributes', carriesPolicy],
  ['events:putrule', (r) => (r['state'] === 'DISABLED' ? 'monitoring' : undefined)],
  ['cloudwatch:putmetricalarm', tellsNobody],
  ['cloudwatch:putcompositealarm', tellsNobody],
  ...['unsubscribe', 'deletetopic'].map((name) => [`sns:${name}`, ofAlarms] as const),
  ['sns:setsubscriptionattributes', (r) => (FILTERS.has(String(r['attributeName'])) ? ofAlarms(r) : undefined)],
  ['eks:deleteaddon', (r) => (WATCHING_ADDONS.has(String(r['addonName'])) ? 'monitoring' : undefined)],
  ['s3:putbucketversioning', (r) => (object(r['VersioningConfiguration'])?.['Status'] === 'Suspended' ? ofLogs(r) : undefined)],
  ...['deletebucket', 'deletebucketpolicy', 'deletebucketreplication', 'deleteobject', 'deleteobjects']
    .map((name) => [`s3:${name}`, ofLogs] as const),
  ['ec2:modifyinstanceattribute', (r) => (r['userData'] !== undefined || r['attribute'] === 'userData' ? 'code' : undefined)],
  ['lambda:updatefunctionconfiguration', (r) => (list(r['layers']).length > 0 ? 'code' : undefined)],
  ...['rds:modifydbinstance', 'rds:modifydbcluster', 'redshift:modifycluster'].map((name) => [name, (r: Json) => stopsLogs(r) ?? opensDatabase(r)] as const),
  ['codebuild:updateprojectvisibility', (r) => (r['projectVisibility'] === 'PRIVATE' ? 'write' : undefined)],
  ['elasticloadbalancing:modifyloadbalancerattributes', stopsAccessLog],
  ['es:updateelasticsearchdomainconfig', stopsPublishing],
  ['es:updatedomainconfig', stopsPublishing],
  ['cloudfront:updatedistribution', logsNothing],
  ['apigateway:updatestage', (r) => silencesStage(r) ?? silencesRoutes(r)],
  // How sessions in workloads are recorded.
  ['ssm:deletedocument', (r) => (r['name'] === 'SSM-SessionManagerRunShell' ? 'monitoring' : undefined)],
  ['ssm:updatedocument', (r) => (r['name'] === 'SSM-SessionManagerRunShell' ? 'monitoring' : undefined)],
  ['eks:updateclusterconfig', (r) => (r['logging'] ? 'monitoring' : undefined)],
]);
