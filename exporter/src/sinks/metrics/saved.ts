import type { SavedShare } from './identities.ts';
import type { SavedSet } from './open-findings.ts';
import type { Page, SavedTallies } from './tallies.ts';

/** What the metrics surface needs back after a restart so that no counter steps back and no alert resolves by itself. */
export interface Saved { version: 1; tallies: SavedTallies; open: SavedSet[]; shares: Record<string, SavedShare> }

/** The parts of a saved value that can be trusted; null when it is not one of ours. Never throws. */
export function readSaved(saved: unknown): Saved | null {
  if (!isRecord(saved) || saved.version !== 1) return null;
  const tallies = isRecord(saved.tallies) ? saved.tallies : {};
  return {
    version: 1,
    tallies: { opened: numbers(tallies.opened), closed: numbers(tallies.closed), pages: numbers(tallies.pages), week: Array.isArray(tallies.week) ? tallies.week.filter(isPage) : [] },
    open: Array.isArray(saved.open) ? saved.open.filter(isSet) : [],
    shares: shares(saved.shares),
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

function numbers(value: unknown): Record<string, number> {
  const entries = isRecord(value) ? Object.entries(value) : [];
  return Object.fromEntries(entries.filter((e): e is [string, number] => isCount(e[1])));
}

function isPage(value: unknown): value is Page {
  return isRecord(value) && typeof value.owner === 'string' && isCount(value.at);
}

function isSet(value: unknown): value is SavedSet {
  return isRecord(value) && typeof value.urn === 'string' && typeof value.owner === 'string' && typeof value.detector === 'string'
    && typeof value.severity === 'string' && typeof value.overflow === 'boolean' && isCount(value.closedOpening)
    && (value.zeroSince === null || isCount(value.zeroSince));
}

function shares(value: unknown): Record<string, SavedShare> {
  const entries = isRecord(value) ? Object.entries(value) : [];
  return Object.fromEntries(entries.filter((e): e is [string, SavedShare] => isTotals(e[1])));
}

function isTotals(value: unknown): value is SavedShare {
  return Array.isArray(value) && value.length === 3 && value.every(isCount);
}
