import type { Category, Kind } from '@remit/contract';

/** What identities of the simulated fleet are, and what there is to do in their world. */

export const SORTS = ['batch', 'service', 'ci', 'integration', 'agent', 'human-like'] as const;
export type Sort = (typeof SORTS)[number];

/** Share of the fleet and kind in the words of the inventory. */
export const SHARES: Record<Sort, { share: number; kind: Kind; type: string; noun: string }> = {
  batch: { share: 0.22, kind: 'service_account', type: 'service_account', noun: 'job' },
  service: { share: 0.28, kind: 'workload', type: 'workload', noun: 'service' },
  ci: { share: 0.14, kind: 'cicd', type: 'cicd', noun: 'pipeline' },
  integration: { share: 0.16, kind: 'oauth_app', type: 'oauth_app', noun: 'connector' },
  agent: { share: 0.12, kind: 'ai_agent', type: 'ai_agent', noun: 'agent' },
  'human-like': { share: 0.08, kind: 'api_key', type: 'api_key', noun: 'console' },
};

/** One thing that may be done: bytes per operation is the median, 0 for none. */
export interface Action { service: string; operation: string; category: Category; bytes: number; permission: string; on: string }

function action(service: string, operation: string, category: Category, on: string, bytes = 0): Action {
  return { service, operation, category, bytes, on, permission: `sim:${service}:${operation}` };
}

/** What identities of one sort do, the most usual first; each has some of it, and deploys bring more. */
export const ACTIONS: Record<Exclude<Sort, 'agent'>, readonly Action[]> = {
  batch: [
    action('storage', 'GetObject', 'read', 'file', 400_000), action('storage', 'ListObjects', 'list', 'bucket'), action('storage', 'PutObject', 'write', 'file'),
    action('db', 'Select', 'read', 'table', 120_000), action('db', 'Insert', 'write', 'table'), action('queue', 'Receive', 'read', 'queue', 4_000),
    action('storage', 'CopyObject', 'write', 'file'), action('db', 'Merge', 'write', 'table'), action('storage', 'DeleteObject', 'delete', 'file'),
    action('queue', 'Send', 'write', 'queue'), action('db', 'Analyze', 'admin', 'table'),
  ],
  service: [
    action('db', 'Select', 'read', 'table', 9_000), action('queue', 'Send', 'write', 'queue'), action('db', 'Update', 'write', 'table'),
    action('queue', 'Receive', 'read', 'queue', 2_000), action('storage', 'GetObject', 'read', 'file', 60_000), action('cache', 'Get', 'read', 'cache', 900),
    action('db', 'Insert', 'write', 'table'), action('storage', 'PutObject', 'write', 'file'), action('registry', 'Resolve', 'list', 'name'),
    action('cache', 'Put', 'write', 'cache'), action('db', 'Delete', 'delete', 'table'), action('flags', 'Evaluate', 'read', 'name', 300),
  ],
  ci: [
    action('repo', 'Clone', 'read', 'repository', 5_000_000), action('artifact', 'Push', 'write', 'artifact'), action('deploy', 'Apply', 'write', 'workload'),
    action('artifact', 'Pull', 'read', 'artifact', 8_000_000), action('repo', 'SetStatus', 'write', 'repository'), action('deploy', 'Describe', 'list', 'workload'),
    action('deploy', 'Rollback', 'write', 'workload'), action('artifact', 'Delete', 'delete', 'artifact'), action('dns', 'Update', 'write', 'name'),
    action('infra', 'Plan', 'list', 'stack'), action('infra', 'Apply', 'admin', 'stack'),
  ],
  integration: [
    action('crm', 'ListContacts', 'list', 'collection'), action('crm', 'GetContact', 'read', 'collection', 5_000), action('crm', 'UpdateContact', 'write', 'collection'),
    action('files', 'Download', 'read', 'folder', 250_000), action('crm', 'ListDeals', 'list', 'collection'), action('files', 'Upload', 'write', 'folder'),
    action('mail', 'ListMessages', 'list', 'mailbox'), action('crm', 'GetDeal', 'read', 'collection', 7_000), action('webhook', 'Send', 'message_send', 'endpoint'),
  ],
  'human-like': [
    action('db', 'Select', 'read', 'table', 30_000), action('storage', 'GetObject', 'read', 'file', 300_000), action('storage', 'ListObjects', 'list', 'bucket'),
    action('deploy', 'Describe', 'list', 'workload'), action('repo', 'Clone', 'read', 'repository', 2_000_000), action('db', 'Update', 'write', 'table'),
    action('crm', 'GetContact', 'read', 'collection', 5_000), action('infra', 'Plan', 'list', 'stack'), action('queue', 'Purge', 'delete', 'queue'),
    action('deploy', 'Restart', 'write', 'workload'), action('db', 'Explain', 'list', 'table'), action('dns', 'Lookup', 'list', 'name'),
  ],
};

/** Acts of their own: a rotation, an export, a grant, a sensitive reading. */
export const ROTATE = action('secrets', 'CreateVersion', 'credential_create', 'secret');
export const USE_SECRET = action('secrets', 'GetValue', 'credential_use', 'secret');
export const EXPORT = action('crm', 'ExportRecords', 'export', 'collection', 900_000);
export const GRANT = action('iam', 'AttachPolicy', 'authz_grant', 'policy');
export const READ_RECORDS = action('records', 'Read', 'read', 'ledger', 20_000);

export interface Tool { name: string; server: string; category: string; writes: boolean }

function tool(server: string, name: string, category: string, writes: boolean): Tool {
  return { name, server, category, writes };
}

const T = {
  searchTickets: tool('tickets', 'search_tickets', 'ticketing', false), getTicket: tool('tickets', 'get_ticket', 'ticketing', false),
  updateTicket: tool('tickets', 'update_ticket', 'ticketing', true), listFiles: tool('files', 'list_files', 'file_storage', false),
  readFile: tool('files', 'read_file', 'file_storage', false), searchFiles: tool('files', 'search_files', 'file_storage', false),
  writeFile: tool('files', 'write_file', 'file_storage', true), query: tool('warehouse', 'query', 'database', false),
  describe: tool('warehouse', 'describe_table', 'database', false), search: tool('web', 'search', 'search', false),
  open: tool('web', 'open_page', 'web', false), draft: tool('office', 'draft_document', 'drafting', true),
  mail: tool('mail', 'send_mail', 'messaging', true), chat: tool('chat', 'post_message', 'messaging', true),
  invoice: tool('billing', 'get_invoice', 'billing', false), refund: tool('billing', 'issue_refund', 'billing', true),
  calendar: tool('office', 'list_events', 'calendar', false), book: tool('office', 'create_event', 'calendar', true),
  deployments: tool('platform', 'list_deployments', 'operations', false), logs: tool('platform', 'read_logs', 'operations', false),
  restart: tool('platform', 'restart_workload', 'operations', true), share: tool('files', 'share_link', 'sharing', true),
} as const;
export const TOOLS: readonly Tool[] = Object.values(T);
export const EXFILTRATE = { read: T.readFile, send: T.mail, share: T.share, refund: T.refund } as const;

/** What an agent is for: its runs, as tools in order; `most` is how often one may repeat. */
export interface AgentPurpose { name: string; runs: { name: string; steps: { tool: Tool; most: number }[] }[] }

function run(name: string, ...steps: (Tool | [Tool, number])[]): AgentPurpose['runs'][number] {
  return { name, steps: steps.map((step) => (Array.isArray(step) ? { tool: step[0], most: step[1] } : { tool: step, most: 1 })) };
}

export const PURPOSES: readonly AgentPurpose[] = [
  { name: 'support', runs: [
    run('triage', T.searchTickets, [T.getTicket, 4], [T.readFile, 3], T.draft, T.updateTicket), run('close', T.getTicket, T.updateTicket),
    run('notify', T.getTicket, T.calendar, T.chat),
  ] },
  { name: 'research', runs: [
    run('survey', [T.search, 3], [T.open, 6], T.draft), run('digest', T.listFiles, [T.readFile, 5], T.draft, T.writeFile), run('lookup', T.search, [T.open, 2], T.chat),
  ] },
  { name: 'finance', runs: [
    run('report', T.describe, [T.query, 6], T.draft, T.writeFile), run('reconcile', [T.invoice, 5], [T.query, 2], T.updateTicket), run('remind', T.invoice, T.mail),
  ] },
  { name: 'operations', runs: [
    run('diagnose', T.deployments, [T.logs, 6], T.updateTicket), run('restart', T.deployments, T.logs, T.restart, T.chat), run('handover', T.calendar, T.searchTickets, T.chat),
  ] },
];

export const ZONES = ['Europe/Berlin', 'UTC', 'America/New_York'] as const;
