import { createHmac, randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import { compareSync } from 'bcryptjs';
import { LRUCache } from 'lru-cache';

/** What a password check said; `busy` when too many are waiting, so that guessing cannot occupy the service. */
export type PasswordAnswer = 'right' | 'wrong' | 'busy';

/** Checks passwords against bcrypt hashes in a thread of its own; pairs already checked are answered from memory. */
export interface Passwords {
  check(user: string, password: string): Promise<PasswordAnswer>;
  close(): Promise<void>;
}

/** `users` is asked at each check, so that a reload takes effect at once. An unknown user costs the same as a wrong password. */
export function createPasswords(users: () => ReadonlyMap<string, string>): Passwords {
  const key = randomBytes(32);
  const seen = new LRUCache<string, boolean>({ max: 1024, ttl: 10 * 60_000 });
  const bcrypt = startBcrypt();
  return {
    async check(user, password) {
      const all = users();
      const hash = all.get(user);
      const against = hash ?? decoy(all);
      const id = createHmac('sha256', key).update(JSON.stringify([user, against, password])).digest('base64');
      let right = seen.get(id);
      if (right === undefined) {
        if (bcrypt.waiting() >= MAX_WAITING) return 'busy';
        right = await bcrypt.compare(password, against);
        seen.set(id, right);
      }
      return right && hash !== undefined ? 'right' : 'wrong';
    },
    close: () => bcrypt.close(),
  };
}

const MAX_WAITING = 16;
const WORKER_MARK = 'remit-bcrypt';

/** A hash of nothing that anyone knows, as expensive as the dearest of the configured ones. */
function decoy(users: ReadonlyMap<string, string>): string {
  let cost = 10;
  for (const hash of users.values()) cost = Math.max(cost, Number(hash.slice(4, 6)));
  return `$2b$${String(cost).padStart(2, '0')}$${'.'.repeat(53)}`;
}

function startBcrypt(): { compare(password: string, hash: string): Promise<boolean>; waiting(): number; close(): Promise<void> } {
  let worker: Worker | null = null;
  let next = 0;
  const open = new Map<number, (right: boolean) => void>();
  const fail = (): void => {
    worker = null;
    for (const resolve of open.values()) resolve(false);
    open.clear();
  };
  const start = (): Worker => {
    const started = new Worker(fileURLToPath(import.meta.url), { workerData: WORKER_MARK });
    started.on('message', ([id, right]: [number, boolean]) => {
      open.get(id)?.(right);
      open.delete(id);
    });
    started.on('error', fail);
    started.on('exit', fail);
    started.unref();
    return started;
  };
  return {
    compare: (password, hash) => new Promise((resolve) => {
      worker ??= start();
      next += 1;
      open.set(next, resolve);
      worker.postMessage([next, password, hash]);
    }),
    waiting: () => open.size,
    close: async () => { await worker?.terminate(); },
  };
}

if (!isMainThread && workerData === WORKER_MARK) {
  parentPort?.on('message', ([id, password, hash]: [number, string, string]) => {
    let right = false;
    try {
      right = compareSync(password, hash);
    } catch {
      right = false;
    }
    parentPort?.postMessage([id, right]);
  });
}
