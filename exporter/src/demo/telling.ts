import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Millis } from '@remit/contract';

/** A story this old is told anew; until then a start continues it. */
const STALE: Millis = 20 * 3_600_000;
/** What a demo leaves in its folder. */
const STATE = ['journal.db', 'journal.db-wal', 'journal.db-shm', 'state.db', 'state.db-wal', 'state.db-shm', 'dedup.key', 'inventory', 'told.json'];

/** When the demo in this folder told its stories; null when it never did, or 20 hours ago. */
export function toldAt(folder: string, now: Millis): Millis | null {
  try {
    const { told } = JSON.parse(readFileSync(join(folder, 'told.json'), 'utf8')) as { told: unknown };
    return typeof told === 'number' && told <= now && now - told < STALE ? told : null;
  } catch {
    return null;
  }
}

/**
 * Forgets the demo in this folder, which nobody may be using, and notes that its stories are told now. An inventory counts from when
 * it came into force, so stories of another time need a storage of their own.
 */
export function beginAnew(folder: string, now: Millis): Millis {
  for (const name of STATE) rmSync(join(folder, name), { recursive: true, force: true });
  writeFileSync(join(folder, 'told.json'), JSON.stringify({ told: now }));
  return now;
}
