import { FLEET } from '@remit/contract';
import type { FindingState, Millis, Severity } from '@remit/contract';
import type { Html } from '../../lib/html.ts';
import { html, shown } from '../../lib/html.ts';

const grouped = new Intl.NumberFormat('en-GB', { maximumFractionDigits: 1 });

/** 1452 → `1,452`. */
export const number = (value: number): string => (Number.isFinite(value) ? grouped.format(value) : '–');

/** `1 finding`, `3 findings`. */
export const plural = (count: number, one: string, many = `${one}s`): string => `${number(count)} ${count === 1 ? one : many}`;

/** `5.2 MiB`. */
export function bytes(value: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = value < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(value) / 10));
  return `${number(value / 1024 ** power)} ${units[power] ?? ''}`;
}

/** `2026-11-22 14:03:07` in UTC, marked up as a time; a dash when there is none. */
export function time(at: Millis | undefined): Html {
  const text = isoOf(at);
  return text === null ? html`–` : html`<time datetime="${text}">${text.slice(0, 19).replace('T', ' ')}</time>`;
}

/** `12 min ago`, seen from `now`; `in 3 min` for what lies ahead. */
export function ago(at: Millis | undefined, now: Millis): string {
  if (isoOf(at) === null || at === undefined) return 'never';
  const seconds = Math.round(Math.abs(now - at) / 1000);
  const [size, one, many] = STEPS.find(([each]) => seconds >= each) ?? SECOND;
  const amount = Math.floor(seconds / size);
  const span = `${number(amount)} ${amount === 1 ? one : many}`;
  return at > now ? `in ${span}` : `${span} ago`;
}

/** Severity as a word with a shape, so that colour says nothing alone. */
export function severityBadge(severity: Severity): Html {
  const shape = { critical: '◆', warning: '▲', info: '●' }[severity];
  return html`<span class="badge ${severity}"><span aria-hidden="true">${shape} </span>${severity}</span>`;
}

/** State of a finding; only `open` stands out. */
export function stateBadge(state: FindingState): Html {
  const looks: Partial<Record<FindingState, string>> = { open: 'warning', resolved: 'good', benign: 'good', bad: 'critical' };
  return html`<span class="badge ${looks[state] ?? ''}">${state}</span>`;
}

/** Who a finding is about: a URN, or the fleet as a whole. */
export const who = (identity: string, max = 120): Html => (identity === FLEET ? html`all identities together` : html`<span class="mono">${shown(identity, max)}</span>`);

/** `outside_remit` → `outside remit`. */
export const words = (id: string): string => id.replaceAll('_', ' ');

const SECOND: [number, string, string] = [1, 's', 's'];
const STEPS: [number, string, string][] = [[86_400 * 365, 'year', 'years'], [86_400, 'day', 'days'], [3600, 'h', 'h'], [60, 'min', 'min'], SECOND];

function isoOf(at: Millis | undefined): string | null {
  if (at === undefined || !(Math.abs(at) <= 8.64e15) || at <= 0) return null;
  return new Date(at).toISOString();
}
