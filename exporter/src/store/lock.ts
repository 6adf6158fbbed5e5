import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';

/** Holds a storage folder for this process: the operating system lets go of it however the process ends. */
export function lockStorage(folder: string): { release(): void } {
  const db = new DatabaseSync(join(folder, 'lock.db'));
  try {
    db.exec('PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=DELETE; BEGIN EXCLUSIVE');
  } catch {
    db.close();
    throw new Error(`${folder} is in use by another remit process; stop it, or give this one its own --storage.path`);
  }
  return { release: () => db.close() };
}
