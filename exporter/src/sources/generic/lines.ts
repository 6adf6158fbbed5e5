import { mappingSchema } from './schema.ts';

/** A resource, or a list of them, as our own lines have it. */
const resource = { each: 'resources', id: 'id', name: 'name', type: 'type', namespace: 'namespace', class: 'class', owner: 'owner' };

/**
 * Our own flat lines, for whoever writes the code that makes the records: one JSON object an event with `"remit_event": 1`. Facts stand
 * at the top under the names that mappings use.
 */
export const lines = mappingSchema.parse({
  id: 'generic',
  title: 'Lines that need no mapping',
  match: { remit_event: 1 },
  lateness: '1h', max_silence: '6h', time_resolution: '1ms',
  fields: {
    time: { path: 'time', format: 'epoch_ms' }, end_time: { path: 'end_time', format: 'epoch_ms' }, id: 'id', correlation: 'correlation', realm: 'realm',
    principal: {
      provider: 'principal.provider',
      id: 'principal.id', name: 'principal.name', type: { path: 'principal.type', default: 'user' }, kind: 'principal.kind', also: 'principal.also',
      person: 'principal.person', machine: 'principal.machine', platform: 'principal.platform',
    },
    delegation: 'delegation', session: 'session', purpose: 'purpose', agent: { id: 'agent.id', name: 'agent.name', version: 'agent.version' }, app: { id: 'app.id', name: 'app.name' },
    credential: { id: 'credential.id', type: 'credential.type', issued: { path: 'credential.issued', format: 'epoch_ms' } },
    issued: { id: 'issued.id', type: 'issued.type', to: 'issued.to' }, retired: { id: 'retired.id', of: 'retired.of' },
    service: 'service', operation: 'operation', category: 'category', permission: 'permission', granted_by: 'granted_by', resources: [resource],
    outcome: 'outcome', status: 'status', detail: 'detail',
    ip: 'ip', user_agent: 'user_agent', country: 'country', as_number: 'as_number', workload: 'workload', vpc_endpoint: 'vpc_endpoint',
    bytes_out: 'bytes_out', bytes_in: 'bytes_in', rows: 'rows', items: 'items', tokens: 'tokens',
    tool: { name: 'tool.name', server: 'tool.server', method: 'tool.method', category: 'tool.category', arguments: 'tool.arguments' },
    trace: 'trace', span: 'span', parent_span: 'parent_span', sequence: 'sequence',
    cloud: { provider: 'cloud.provider', account: 'cloud.account', region: 'cloud.region' }, cluster: 'cluster', monitoring: 'monitoring', interactive_exec: 'interactive_exec',
  },
});
