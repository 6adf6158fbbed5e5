import { isIP } from 'node:net';
import { RejectedRecord, type Flag, type NhiEvent, type SrcKind } from '@remit/contract';
import { contentHash } from '../../lib/content-hash.ts';
import { shapedActor, shapedEndpoint, shapedEvent, shapedMetadata, shapedSession } from '../../lib/event-shape.ts';
import { Lately } from '../../lib/lately.ts';
import { actionOf, type Action, type Refinement } from './actions.ts';
import { instant } from '../../lib/instant.ts';
import { account as accountId, bytes, object, text, yes, type Json } from './fields.ts';
import { issuedBy, retiredBy } from './issued.ts';
import { credentialOf, onBehalfOf, principalOf, type Principal } from './principal.ts';
import { resourcesOf } from './resources.ts';

/** The parts of a record that several facts are taken from, looked up once. */
interface Parts {
  record: Json;
  identity: Json;
  context: Json | undefined;
  request: Json | undefined;
  extra: Json | undefined;
  recipient: string;
  action: Action;
  principal: Principal | null;
  mfa: boolean;
  failedSignIn: boolean;
  /** When the session began, or NaN. */
  created: number;
}

/** The canonical event of a native CloudTrail record; throws `RejectedRecord`. */
export function eventOf(record: Json): NhiEvent {
  if (record['eventCategory'] === 'Insight') throw new RejectedRecord('unknown_shape', 'an Insight is no action');
  const eventSource = required(record, 'eventSource');
  const operation = required(record, 'eventName');
  const time = timeOf(record);
  const parts = partsOf(record, eventSource, operation);
  const { action, principal, request } = parts;
  const refined = request && action.refine?.(request);
  const reads = action.guessed && yes(record['readOnly']);
  const category = refined !== undefined && refined !== 'monitoring' && refined !== 'code' ? refined : reads ? 'read' : action.category;
  const event = shapedEvent({
    metadata: shapedMetadata(originalId(record), 'aws-cloudtrail', undefined, 'CloudTrail'),
    principal_key: principal?.key ?? '',
    time,
    class_uid: action.classUid,
    activity_id: reads ? 2 : action.activityId,
    actor: actorOf(parts),
    api: { service: { name: eventSource }, operation },
    action: { category },
    status_id: 1,
    outcome: { denied: false },
    src_kind: srcKindOf(parts),
    flags: flagsOf(parts, refined),
  });
  event.privilege = { used: [action.permission], granted_by: undefined, decision: undefined };
  const requestId = text(record['requestID'], 256);
  if (requestId) event.metadata.correlation_uid = requestId;
  setOutcome(event, parts);
  setNetwork(event, parts);
  setCredential(event, parts);
  setTarget(event, parts);
  setVolume(event, parts.extra);
  return event;
}

function partsOf(record: Json, eventSource: string, operation: string): Parts {
  const identity = object(record['userIdentity']) ?? {};
  const context = object(identity['sessionContext']);
  const attributes = object(context?.['attributes']);
  const extra = object(record['additionalEventData']);
  const recipient = accountId(record['recipientAccountId']) ?? accountId(identity['accountId']) ?? '';
  const action = actionOf(eventSource, operation);
  const answer = action.signIn ? object(record['responseElements'])?.[operation] ?? object(record['serviceEventDetails'])?.[operation] : undefined;
  const failedSignIn = answer === 'Failure';
  const mfa = yes(attributes?.['mfaAuthenticated']) || (action.signIn && extra?.['MFAUsed'] === 'Yes');
  // A sign-in that failed proves nothing: anyone can try a machine's name.
  const person = yes(attributes?.['mfaAuthenticated']) || yes(record['sessionCredentialFromConsole']) || identity['invokedBy'] === CONSOLE || (action.signIn && !failedSignIn);
  return {
    record, identity, context, extra, recipient, action, mfa, failedSignIn,
    request: object(record['requestParameters']),
    principal: principalOf(identity, { recipient, person }),
    created: createdAt(attributes?.['creationDate']),
  };
}

/** Sessions make many calls: their beginning is read once. */
const CREATED = new Lately(instant);

function createdAt(value: unknown): number {
  return typeof value === 'string' ? CREATED.of(value) : NaN;
}

function required(record: Json, field: string): string {
  const value = text(record[field], 256);
  if (value === undefined) throw new RejectedRecord('missing_field', field);
  return value;
}

/** Logstash moves the time of the event to `@timestamp`. */
function timeOf(record: Json): number {
  const value = record['eventTime'] ?? record['@timestamp'];
  if (value === undefined || value === null || value === '') throw new RejectedRecord('missing_field', 'eventTime');
  const time = instant(value);
  if (Number.isNaN(time)) throw new RejectedRecord('bad_time', 'eventTime is no UTC time such as 2026-11-22T08:00:00Z');
  return time;
}

/** A late correction carries the id of the event it corrects: the same action, to be counted once. */
function originalId(record: Json): string {
  return text(object(record['addendum'])?.['originalEventID'], 256) ?? text(record['eventID'], 256) ?? contentHash(record);
}

function actorOf(parts: Parts): NhiEvent['actor'] {
  const { identity, context, principal } = parts;
  const invokedBy = text(identity['invokedBy'], 256);
  if (!principal) {
    const nobody = shapedActor({ urn: null, kind: 'unknown', resolution: 'none' }, undefined);
    if (invokedBy) nobody.invoked_by = invokedBy;
    return nobody;
  }
  const { urn, kind, immutable, user } = principal;
  const actor = shapedActor({ urn, kind, resolution: immutable ? 'immutable_id' : 'derived' }, user);
  const session = sessionOf(parts, principal);
  if (session) actor.session = session;
  const delegation = delegationOf(identity, context, principal);
  if (delegation) actor.delegation = delegation;
  if (invokedBy) actor.invoked_by = invokedBy;
  return actor;
}

function sessionOf(parts: Parts, principal: Principal): NhiEvent['actor']['session'] {
  const { created, context, mfa } = parts;
  if (!context && !mfa && principal.session === undefined) return undefined;
  const session = shapedSession(principal.session, principal.issuer);
  if (!Number.isNaN(created)) session.created_time = created;
  if (mfa || object(context?.['attributes'])?.['mfaAuthenticated'] !== undefined) session.is_mfa = mfa;
  return session;
}

/** Who stands behind the session, where AWS says so: the identity set at its source, the person it acts for. */
function delegationOf(identity: Json, context: Json | undefined, principal: Principal): string[] | undefined {
  const origin = text(context?.['sourceIdentity'], 256);
  const behalf = principal.type === 'identity_center_user' ? undefined : onBehalfOf(identity);
  if (!origin && !behalf) return undefined;
  const chain: string[] = [];
  if (behalf) chain.push('aws:' + behalf.store + ':identity_center_user/' + behalf.user);
  if (origin) chain.push('aws:' + principal.account + ':source_identity/' + origin);
  return chain;
}

/** Who acts in the console acts in person and from an address of his own, though a service passes the call on. */
const CONSOLE = 'signin.amazonaws.com';

function isForwarded({ invokedBy }: Json): boolean { return typeof invokedBy === 'string' && invokedBy !== '' && invokedBy !== CONSOLE; }

function flagsOf(parts: Parts, refined: Refinement): Flag[] {
  const { action, principal, record, identity } = parts;
  const flags: Flag[] = [];
  if (principal?.platform) flags.push('platform_owned');
  else if (isForwarded(identity)) flags.push('via_service');
  if (yes(record['readOnly'])) flags.push('read_only');
  if (action.monitoring || refined === 'monitoring') flags.push('monitoring');
  if (action.exec) flags.push('exec');
  if (action.code || refined === 'code') flags.push('code');
  if (principal?.interactive) flags.push('interactive');
  if (principal?.machine) flags.push('machine');
  return flags;
}

function setOutcome(event: NhiEvent, parts: Parts): void {
  const code = text(parts.record['errorCode'], 256);
  if (code) {
    // Managed Grafana writes HTTP's codes, also of what succeeded.
    event.status_id = /^[23]\d\d$/.test(code) ? 1 : 2;
    event.status_code = code;
    event.outcome.denied = isDenial(code) || code === '401' || code === '403';
  } else if (parts.failedSignIn) {
    event.status_id = 2;
    // Only here: other messages can repeat parameters.
    const message = text(parts.record['errorMessage'], 256);
    if (message) event.status_detail = message;
  }
}

const DENIALS = ['AccessDenied', 'Unauthorized', 'NotAuthorized', 'AuthorizationError', 'Forbidden'];

function isDenial(code: string): boolean {
  return DENIALS.some((word) => code.includes(word));
}

function srcKindOf(parts: Parts): SrcKind {
  const address = parts.record['sourceIPAddress'];
  if (isForwarded(parts.identity)) return 'service';
  if (typeof address !== 'string') return 'unknown';
  if (isIP(address) !== 0) return 'ip';
  if (address === 'AWS Internal') return 'internal';
  if (address.endsWith('.amazonaws.com')) return 'service';
  return address.startsWith('HIDDEN_') ? 'redacted' : 'unknown';
}

function setNetwork(event: NhiEvent, parts: Parts): void {
  const { record, principal } = parts;
  const address = record['sourceIPAddress'];
  const ip = event.src_kind === 'ip' || (event.src_kind === 'service' && typeof address === 'string' && isIP(address) !== 0);
  const vpc = text(record['vpcEndpointId'], 128);
  if (ip || vpc || principal?.workload) {
    event.src_endpoint = shapedEndpoint(ip ? address as string : undefined);
    if (vpc) event.src_endpoint.vpc_endpoint = vpc;
    if (principal?.workload) event.src_endpoint.workload_uid = principal.workload;
  }
  const agent = record['userAgent'];
  if (typeof agent === 'string' && agent !== '') event.http_request = AGENTS.of(agent);
}

/** User agents are long, few, and cut. */
const AGENTS = new Lately((agent) => ({ user_agent: text(agent, 256)! }));

function setCredential(event: NhiEvent, parts: Parts): void {
  const { identity, principal, created } = parts;
  const credential = credentialOf(identity, principal, created);
  if (credential) event.credential = credential;
  const sequence = credential?.type === 'session_key' ? credential.uid : text(identity['principalId'], 512) ?? event.principal_key;
  if (sequence) event.sequence_key = sequence;
  const issued = issuedBy(event.api.operation, parts.record, principal);
  if (issued) event.issued = issued;
}

function setTarget(event: NhiEvent, parts: Parts): void {
  const { record, identity, request, recipient, action } = parts;
  const region = text(record['awsRegion'], 64);
  const caller = accountId(identity['accountId']) ?? parts.principal?.account ?? recipient;
  const grants = event.action.category === 'share' || event.action.category === 'authz_grant';
  const resources = resourcesOf(record, request, {
    service: action.service, operation: action.operation, partition: partitionOf(region), region: region ?? '', account: caller,
  }, grants);
  if (resources) event.resources = resources;
  const retired = event.status_id === 2 ? undefined : retiredBy(event.api.operation, record, parts.principal, resources?.[0]?.uid);
  if (retired) event.retired = retired;
  event.cloud = { provider: 'aws', account: recipient ? ACCOUNTS.of(recipient) : undefined, region };
}

const ACCOUNTS = new Lately((uid) => ({ uid }));

function partitionOf(region: string | undefined): string {
  if (!region) return 'aws';
  if (region.startsWith('cn-')) return 'aws-cn';
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
}

function setVolume(event: NhiEvent, extra: Json | undefined): void {
  if (!extra) return;
  const out = bytes(extra['bytesTransferredOut']);
  const into = bytes(extra['bytesTransferredIn']);
  if (out === undefined && into === undefined) return;
  event.volume = {};
  if (out !== undefined) event.volume.bytes_out = out;
  if (into !== undefined) event.volume.bytes_in = into;
}
