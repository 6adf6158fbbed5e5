import { IN_VAIN, type Framework, type Millis, type NhiEvent, type Outcome } from '@remit/contract';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
export const DAY: Millis = 24 * HOUR;

/** Text of a provider cut to `length` characters for subjects and reasons, control characters made visible as spaces. */
export function bounded(text: string, length: number): string {
  const short = text.length > length ? `${text.slice(0, length - 1)}…` : text;
  return isPlain(short) ? short : short.replace(/[\p{Cc}\p{Cf}\u2028\u2029\p{Cs}]/gu, ' ');
}

/** A span of time in its two largest units, rounded down: `4 h 12 min`, `3 d 2 h`, `under 1 s`. */
export function span(length: Millis): string {
  if (length < SECOND) return 'under 1 s';
  if (length < MINUTE) return `${Math.floor(length / SECOND)} s`;
  if (length < HOUR) return two(length, MINUTE, 'min', SECOND, 's');
  if (length < DAY) return two(length, HOUR, 'h', MINUTE, 'min');
  return two(length, DAY, 'd', HOUR, 'h');
}

/** `2026-11-22T08:00:00.000Z`; instants that no date can hold become the epoch's number. */
export function instant(at: Millis): string {
  return Math.abs(at) <= 8.64e15 ? new Date(at).toISOString() : String(at);
}

/** For people: `2026-11-22 08:00:00 UTC`, with milliseconds where there are any. */
export function moment(at: Millis): string {
  return `${instant(at).replace('T', ' ').replace(/(\.000)?Z$/, '')} UTC`;
}

/** The UTC day as `2026-11-22`. */
export function day(at: Millis): string { return instant(at).slice(0, 10); }

/** The Monday of its UTC week as `2026-11-16`. */
export function week(at: Millis): string { return day(at - ((Math.floor(at / DAY) + 3) % 7) * DAY); }

/** The UTC hour as `2026-11-22T14`. */
export function hour(at: Millis): string { return instant(at).slice(0, 13); }

/** What became of an event. A call without a recorded refusal or failure counts as a success. */
export function outcome(event: NhiEvent): Outcome {
  if (event.outcome.denied) return 'denied';
  return event.status_id === 2 ? 'failure' : 'success';
}

/** What of an act one finding covers: a success its period, attempts in vain all of them, since one that never succeeds is one thing however long it goes on. */
export function coveredBy(became: Outcome, period: string): string { return became === 'success' ? period : IN_VAIN; }

/** The target in one word, at most 128 characters, or an empty text. */
export function target(event: NhiEvent): string {
  const resource = event.resources?.[0];
  return bounded(resource?.uid ?? resource?.name ?? resource?.type ?? '', 128);
}

/** The permission used, or the operation where the source names none. */
export function permission(event: NhiEvent): string { return event.privilege?.used?.[0] ?? event.api.operation; }

/** `read` or `change`, as the source says. */
export function access(event: NhiEvent): 'read' | 'change' {
  const category = event.action.category;
  return event.flags.includes('read_only') || category === 'read' || category === 'list' ? 'read' : 'change';
}

/** ATT&CK v17.1, the technique with its id and title. */
export function attack(id: string, title: string): Framework { return { name: 'MITRE ATT&CK', version: '17.1', id, title }; }
/** OWASP Non-Human Identities Top 10 of 2025. */
export function owasp(id: `NHI${number}:2025`, title: string): Framework { return { name: 'OWASP NHI', version: '2025', id, title }; }
/** NIST Cybersecurity Framework 2.0, a subcategory. */
export function nist(id: string, title: string): Framework { return { name: 'NIST CSF', version: '2.0', id, title }; }
/** NIST SP 800-207 of August 2020, Zero Trust Architecture: the tenet that is not kept while the finding stands. */
export function tenet(number: keyof typeof TENETS): Framework {
  return { name: 'NIST SP 800-207', version: '2020-08', id: `tenet ${number}`, title: TENETS[number] };
}

const TENETS = {
  1: 'All data sources and computing services are considered resources',
  2: 'All communication is secured regardless of network location',
  3: 'Access to individual enterprise resources is granted on a per-session basis',
  4: 'Access to resources is determined by dynamic policy',
  5: 'The enterprise monitors and measures the integrity and security posture of all owned and associated assets',
  6: 'All resource authentication and authorization are dynamic and strictly enforced before access is allowed',
  7: 'The enterprise collects as much information as possible about the current state of assets, network infrastructure and communications',
};

/** Whether a text is of visible ASCII and spaces alone, as nearly all are. */
function isPlain(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x20 || code > 0x7e) return false;
  }
  return true;
}

function two(length: Millis, large: Millis, largeName: string, small: Millis, smallName: string): string {
  const rest = Math.floor((length % large) / small);
  return `${Math.floor(length / large)} ${largeName}${rest > 0 ? ` ${rest} ${smallName}` : ''}`;
}
