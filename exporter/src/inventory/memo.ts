/** Longest text worth remembering; longer ones are hostile or rare, and are worked out each time. */
const LONGEST_KEY = 512;

/**
 * Bounds what all memos of one inventory remember together. When the total passes the limit every memo is emptied, so that a
 * flood of invented names costs time for a moment and never memory.
 */
export class MemoPool {
  readonly #limit: number;
  readonly #memos = new Set<{ clear(): void }>();
  readonly #lists = new Map<string, unknown>();
  #entries = 0;

  constructor(limit = 200_000) {
    this.#limit = limit;
  }

  /** What `make` makes of a part of a record, once for all records that write the same one: most of a fleet does. */
  shared<T>(what: string, part: object | null, make: () => T): T {
    const name = `${what} ${JSON.stringify(part)}`;
    if (!this.#lists.has(name)) this.#lists.set(name, make());
    return this.#lists.get(name) as T;
  }

  grew(memo: { clear(): void }): void {
    this.#memos.add(memo);
    if (++this.#entries <= this.#limit) return;
    for (const one of this.#memos) one.clear();
    this.#memos.clear();
    this.#entries = 0;
  }
}

/** The function, remembering its answers. It must depend on its argument alone. */
export function memoised<T extends NonNullable<unknown>>(pool: MemoPool, work: (text: string) => T): (text: string) => T {
  const known = new Map<string, T>();
  return (text) => {
    const answer = known.get(text);
    if (answer !== undefined) return answer;
    const fresh = work(text);
    if (text.length <= LONGEST_KEY) {
      known.set(text, fresh);
      pool.grew(known);
    }
    return fresh;
  };
}

/** The function that `make` returns, made at the first call. */
export function lazily<A extends unknown[], R>(make: () => (...args: A) => R): (...args: A) => R {
  let made: ((...args: A) => R) | null = null;
  return (...args) => (made ??= make())(...args);
}
