import { RejectedRecord, type Source } from '@remit/contract';
import { eventsOf } from './event.ts';
import { entryOf, holdsEntry } from './line.ts';

const HOUR = 3_600_000;

/** Audit devices of HashiCorp Vault and OpenBao: every request and its answer. */
export const source: Source = {
  id: 'vault-audit',
  title: 'Vault and OpenBao audit',
  fills: ['principal', 'credential', 'action', 'resource', 'outcome', 'network', 'user_agent', 'privilege'],
  lateness: HOUR / 12,
  maxSilence: HOUR,
  timeResolution: 1,
  paths: [
    'time', 'type', 'error', 'auth.entity_id', 'auth.display_name', 'auth.accessor', 'auth.token_issue_time', 'auth.metadata.role', 'auth.metadata.role_name',
    'auth.metadata.AllocationID', 'auth.metadata.Task', 'auth.metadata.service_account_name', 'auth.metadata.service_account_namespace', 'auth.policy_results.allowed', 'auth.policy_results.granting_policies[]',
    'request.id', 'request.operation', 'request.path', 'request.mount_point', 'request.mount_type', 'request.namespace.path', 'request.client_token_accessor',
    'request.remote_address', 'request.remote_port', 'request.headers["user-agent"]', 'request.data.accessor', 'request.data.secret_id_accessor', 'request.data.secret_id',
    'request.data.serial_number', 'request.data.lease_id', 'request.data.token', 'response.auth.*', 'response.data.secret_id_accessor', 'response.data.serial_number',
    'response.secret.lease_id', 'response.wrap_info.wrapped_accessor', 'message', 'log', 'line', 'MESSAGE',
  ],
  recognises: holdsEntry,
  normalise(record, context) {
    const entry = entryOf(record);
    if (!entry) throw new RejectedRecord('unknown_shape', 'neither an audit entry nor a line that holds one');
    return eventsOf(entry, context.cluster);
  },
};
