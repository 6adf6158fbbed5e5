import { RejectedRecord, type Source } from '@remit/contract';
import { eventsOf } from './event.ts';
import { object } from './fields.ts';

const HOUR = 3_600_000;

/** Activities of the Google Workspace Reports API: OAuth tokens, Drive, sign-ins, administration and every other application's log. */
export const source: Source = {
  id: 'google-workspace',
  title: 'Google Workspace activities',
  fills: ['principal', 'credential', 'action', 'resource', 'outcome', 'network', 'volume', 'privilege', 'delegation'],
  lateness: 12 * HOUR,
  maxSilence: 24 * HOUR,
  timeResolution: 1,
  paths: [
    'kind', 'id.time', 'id.uniqueQualifier', 'id.uniqQualifier', 'id.applicationName', 'id.customerId', 'actor.callerType', 'actor.email', 'actor.profileId', 'actor.key',
    'actor.applicationInfo.oauthClientId', 'actor.applicationInfo.applicationName', 'ipAddress', 'events[].type', 'events[].name', 'events[].parameters[]',
    'events.type', 'events.name', 'events.parameters[]', 'networkInfo.ipAsn', 'networkInfo.regionCode',
    'type', 'name', 'parameters', 'p_event_time',
  ],
  recognises(record) {
    const it = object(record);
    if (!it || typeof object(it['id'])?.['applicationName'] !== 'string') return false;
    return typeof it['kind'] === 'string' ? KINDS.has(it['kind']) : PARTS.some((part) => part in it);
  },
  normalise(record) {
    const it = object(record);
    if (!it) throw new RejectedRecord('unknown_shape', 'not a JSON object');
    return eventsOf(it);
  },
};

/** The second is what Google's reference of `activities` writes. */
const KINDS: ReadonlySet<string> = new Set(['admin#reports#activity', 'audit#activity']);
const PARTS = ['events', 'name', 'type', 'parameters'] as const;
