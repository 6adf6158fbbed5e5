import { urn } from '../../lib/urn.ts';
import type { ResourceAttributes, SpanAttributes } from './attributes.ts';
import { Memo } from './fields.ts';
import { sortOf } from './spellings.ts';

/** Who acts, as a span or its resource names it. */
export interface Principal {
  /** `agent:<realm>:<id>` where the id is never used again, else the URN without `urn:nhi:`. */
  key: string;
  urn: string;
  immutable: boolean;
  /** Empty when only the name is known. */
  id: string;
  /** Empty when only the id is known. */
  name: string;
}

/** Where names are unique: the service's namespace, else its environment, else `default`. */
export function realmOf(resource: ResourceAttributes): string {
  return resource.get('service.namespace') ?? resource.get('deployment.environment.name') ?? resource.get('deployment.environment') ?? 'default';
}

/** The agent that the span itself names, in any of the spellings; null when it names none. */
export function agentOf(span: SpanAttributes, spanName: string, scope: string, resource: ResourceAttributes): Principal | null {
  const id = span.get('gen_ai.agent.id') ?? '';
  const name = span.get('gen_ai.agent.name') ?? olderName(span, spanName, scope);
  if (id === '' && name === '') return null;
  const realm = realmOf(resource);
  const mainId = resource.get('gen_ai.main_agent.id') ?? '';
  const main = mainId !== '' && (id === mainId || (name !== '' && name === resource.get('gen_ai.main_agent.name')));
  // With lengths, because any character may be part of a name.
  const key = realm.length + ',' + name.length + (main ? '!' : ',') + realm + name + (main ? mainId : id);
  return AGENTS.get(key) ?? AGENTS.set(key, make(realm, main ? mainId : id, name, main));
}

/**
 * Who stands for a span without an agent while no ancestor with one is known: the main agent of the process, else its service. Null when neither has
 * a name.
 */
export function fallbackOf(resource: ResourceAttributes): Principal | null {
  const realm = realmOf(resource);
  const id = resource.get('gen_ai.main_agent.id') ?? '';
  if (id !== '') return make(realm, id, resource.get('gen_ai.main_agent.name') ?? '', true);
  const service = resource.get('service.name') ?? '';
  // What SDKs write where nobody gave the service a name.
  if (service === '' || service.startsWith('unknown_service')) return null;
  const namespace = resource.get('service.namespace');
  return make(realm, '', namespace === undefined ? service : namespace + '/' + service, false);
}

/** The key of a person on whose behalf an agent of this realm acts. */
export function userKey(realm: string, user: string): string {
  return urn('agent', realm, 'user', user).slice('urn:nhi:'.length);
}

const AGENTS = new Memo<Principal>(4096);
/** UUIDs, and runs of 16 hex digits or more: most frameworks draw them anew at every start. */
const DRAWN = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{16}/i;

function make(realm: string, id: string, name: string, stable: boolean): Principal {
  const derived = urn('agent', realm, 'ai_agent', name === '' ? id : name);
  const immutable = id !== '' && id !== name && (stable || !(DRAWN.test(id) || /^\d*$/.test(id)));
  return { key: immutable ? 'agent:' + realm.toLowerCase() + ':' + id : derived.slice('urn:nhi:'.length), urn: derived, immutable, id, name };
}

/** Names of agents before, or beside, `gen_ai.agent.name`. */
function olderName(span: SpanAttributes, spanName: string, scope: string): string {
  const known = sortOf(span);
  if (known?.sort === 'agent') {
    if (known.name !== '' || span.get('traceloop.span.kind') !== undefined) return known.name;
    if (span.get('openinference.span.kind') === undefined) return spanName;
    const node = span.get('graph.node.id');
    // Some instrumentations put the agent's name there and call the span after it, others an id drawn for the run.
    return node !== undefined && (node === spanName || spanName.startsWith(node + '.')) ? node : '';
  }
  if (span.get('ai.operationId') !== undefined) return span.get('ai.telemetry.functionId') ?? '';
  return scope.startsWith('pydantic-ai') ? span.get('agent_name') ?? '' : '';
}
