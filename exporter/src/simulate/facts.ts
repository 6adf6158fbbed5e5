import type { Millis, NhiEvent } from '@remit/contract';
import { shapedActor, shapedEndpoint, shapedEvent, shapedMetadata, shapedResource, shapedUser } from '../lib/event-shape.ts';
import type { Character } from './character.ts';
import type { Action, Tool } from './world.ts';
import { SHARES } from './world.ts';

/** Id of the source that reads what is simulated, once it is written to a file. */
export const SOURCE = 'generic';
export const PROVIDER = 'sim';
export const REALM = 'fleet';
/** OCSF: 4 is a service; 6003 is API activity. */
const SERVICE = 4;
const API_ACTIVITY = 6003;

/** What an event of a simulated identity may say beyond who, when and what. */
export interface Facts {
  target?: string; restricted?: boolean; bytes?: number; network: string; failed?: boolean; denied?: boolean;
  secret?: string; tool?: Tool; run?: string; duration?: Millis;
}

/** The event of one act, as the generic source makes it of a written line. */
export function eventOf(c: Character, id: string, time: Millis, action: Action, facts: Facts): NhiEvent {
  const { kind, type } = SHARES[c.sort];
  const user = shapedUser(c.name, SERVICE, type);
  user.uid = c.name;
  user.account = { uid: REALM };
  const event = shapedEvent({
    metadata: shapedMetadata(id, SOURCE, REALM, undefined), principal_key: c.key, time, class_uid: API_ACTIVITY, activity_id: 0,
    actor: shapedActor({ urn: c.urn, kind, resolution: 'immutable_id' }, user),
    api: { service: { name: action.service }, operation: action.operation }, action: { category: action.category },
    status_id: facts.failed || facts.denied ? 2 : 1, outcome: { denied: facts.denied === true }, src_kind: 'ip',
    flags: action.category === 'read' || action.category === 'list' ? ['machine', 'read_only'] : ['machine'],
  });
  event.credential = { uid: `${c.name}/1`, type: c.sort === 'integration' ? 'oauth_token' : 'access_key' };
  event.privilege = { used: [action.permission] };
  event.src_endpoint = shapedEndpoint(facts.network);
  if (facts.target !== undefined) {
    const resource = shapedResource(facts.target, action.on);
    if (facts.secret !== undefined) resource.name = facts.secret;
    if (facts.restricted) resource.data_classification = 'restricted';
    event.resources = [resource];
  }
  if (facts.bytes !== undefined && facts.bytes > 0) event.volume = { bytes_out: facts.bytes };
  if (facts.duration !== undefined) event.end_time = time + facts.duration;
  if (facts.tool) event.tool = { name: facts.tool.name, server: facts.tool.server };
  if (facts.run !== undefined) {
    event.trace = { uid: facts.run };
    event.sequence_key = facts.run;
  }
  return event;
}

const calls = new Map<Tool, Action>();

/** The call of a tool as an action. */
export function callOf(tool: Tool): Action {
  let action = calls.get(tool);
  if (!action) {
    const name = `${tool.server}/${tool.name}`;
    calls.set(tool, action = { service: tool.server, operation: tool.name, category: 'execute_tool', bytes: 0, permission: `tool:${name}`, on: tool.category });
  }
  return action;
}
