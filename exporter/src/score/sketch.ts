/** Places of the table: values that share one are counted together, which makes them look better known, never rarer. */
const PLACES = 2 ** 18;
const PAGE = 4_096;
/** Frozen days whose additions can still be told apart. */
const KEPT = 4;

/** Counts how many identities of a group know a value, a day at a time: hours of day D read the days up to D − 2. */
export class Sketch {
  readonly #counts = new Uint16Array(PLACES);
  readonly #days = new Map<number, Map<number, number>>();
  readonly #dirty = new Set<number>();
  #frozen = -Infinity;

  add(hash: number, day: number): void {
    const to = day > this.#frozen ? day : this.#frozen + 1;
    let counts = this.#days.get(to);
    if (counts === undefined) this.#days.set(to, counts = new Map());
    const at = hash & (PLACES - 1);
    counts.set(at, (counts.get(at) ?? 0) + 1);
  }

  read(hash: number, epoch: number): number {
    const at = hash & (PLACES - 1);
    let count = this.#counts[at]!;
    if (count > 0) for (let day = epoch + 1; day <= this.#frozen; day++) count -= this.#days.get(day)?.get(at) ?? 0;
    return Math.max(0, count);
  }

  freeze(day: number): void {
    this.#frozen = day;
    for (const [at, n] of this.#days.get(day) ?? []) {
      this.#counts[at] = Math.min(65_535, this.#counts[at]! + n);
      this.#dirty.add(Math.floor(at / PAGE));
    }
    for (const old of this.#days.keys()) if (old <= day - KEPT) this.#days.delete(old);
  }

  takeDirty(): { key: string; value: Uint8Array }[] {
    const puts = [...this.#dirty].sort((a, b) => a - b).map((page) => ({ key: String(page), value: new Uint8Array(this.#counts.slice(page * PAGE, (page + 1) * PAGE).buffer) }));
    this.#dirty.clear();
    return puts;
  }

  restorePage(key: string, value: Uint8Array): void {
    this.#counts.set(new Uint16Array(value.slice().buffer), Number(key) * PAGE);
  }

  save(): unknown {
    return { frozen: Number.isFinite(this.#frozen) ? this.#frozen : null, days: [...this.#days].sort((a, b) => a[0] - b[0]).map(([day, counts]) => [day, [...counts].sort((a, b) => a[0] - b[0])]) };
  }

  restore(saved: unknown): void {
    const { frozen, days } = saved as { frozen: number | null; days: [number, [number, number][]][] };
    this.#frozen = frozen ?? -Infinity;
    for (const [day, counts] of days) this.#days.set(day, new Map(counts));
  }
}
