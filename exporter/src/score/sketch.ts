/** Places of the table: values that share one are counted together, which makes them look better known, never rarer. */
const PLACES = 2 ** 18;
const PAGE = 4_096;
const MOST = 65_535;
/** Frozen days whose additions can still be told apart. */
const KEPT = 4;

/** Counts how many identities of a group know a value, a day at a time: hours of day D read the days up to D − 2. */
export class Sketch {
  readonly #counts = new Uint16Array(PLACES);
  /** What every day added, in pages that are made when they are needed. */
  readonly #days = new Map<number, Map<number, Uint16Array>>();
  /** Pages that changed since they were last taken, of what is frozen and of days, and keys of those that are gone. */
  readonly #dirty = new Set<number>();
  readonly #dirtyDays = new Map<string, Uint16Array>();
  readonly #gone: string[] = [];
  #frozen = -Infinity;

  add(hash: number, day: number): void {
    const to = day > this.#frozen ? day : this.#frozen + 1;
    const at = hash & (PLACES - 1);
    const page = Math.floor(at / PAGE);
    const counts = this.#pageOf(to, page);
    if (counts[at % PAGE]! < MOST) counts[at % PAGE]!++;
    this.#dirtyDays.set(`${to}/${page}`, counts);
  }

  #pageOf(day: number, page: number): Uint16Array {
    let pages = this.#days.get(day);
    if (pages === undefined) this.#days.set(day, pages = new Map());
    let counts = pages.get(page);
    if (counts === undefined) pages.set(page, counts = new Uint16Array(PAGE));
    return counts;
  }

  read(hash: number, epoch: number): number {
    const at = hash & (PLACES - 1);
    let count = this.#counts[at]!;
    if (count > 0) for (let day = epoch + 1; day <= this.#frozen; day++) count -= this.#days.get(day)?.get(Math.floor(at / PAGE))?.[at % PAGE] ?? 0;
    return Math.max(0, count);
  }

  freeze(day: number): void {
    this.#frozen = day;
    for (const [page, counts] of this.#days.get(day) ?? []) {
      for (let i = 0; i < PAGE; i++) if (counts[i]! > 0) this.#counts[page * PAGE + i] = Math.min(MOST, this.#counts[page * PAGE + i]! + counts[i]!);
      this.#dirty.add(page);
    }
    for (const [old, pages] of this.#days) {
      if (old > day - KEPT) continue;
      for (const page of pages.keys()) {
        this.#dirtyDays.delete(`${old}/${page}`);
        this.#gone.push(`${old}/${page}`);
      }
      this.#days.delete(old);
    }
  }

  /** Pages of what is frozen, in order of their keys. */
  takeDirty(): { key: string; value: Uint8Array }[] {
    const puts = [...this.#dirty].sort((a, b) => a - b).map((page) => ({ key: String(page), value: new Uint8Array(this.#counts.slice(page * PAGE, (page + 1) * PAGE).buffer) }));
    this.#dirty.clear();
    return puts;
  }

  /** Pages of days, in order of their keys, `day/page`. */
  takeDirtyDays(): { key: string; value: Uint8Array }[] {
    const puts = [...this.#dirtyDays].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, counts]) => ({ key, value: new Uint8Array(counts.slice().buffer) }));
    this.#dirtyDays.clear();
    return puts;
  }

  /** Keys of the pages of days that are forgotten. */
  takeGoneDays(): string[] { return this.#gone.splice(0); }

  restorePage(key: string, value: Uint8Array): void {
    this.#counts.set(new Uint16Array(value.slice().buffer), Number(key) * PAGE);
  }

  restoreDay(key: string, value: Uint8Array): void {
    const [day, page] = key.split('/').map(Number) as [number, number];
    this.#pageOf(day, page).set(new Uint16Array(value.slice().buffer));
  }

  save(): unknown { return { frozen: Number.isFinite(this.#frozen) ? this.#frozen : null }; }

  /** `days`: as states before version 6 had them, pairs of place and count. */
  restore(saved: unknown): void {
    const { frozen, days = [] } = saved as { frozen: number | null; days?: [number, [number, number][]][] };
    this.#frozen = frozen ?? -Infinity;
    for (const [day, counts] of days) for (const [at, count] of counts) {
      const page = Math.floor(at / PAGE);
      const own = this.#pageOf(day, page);
      own[at % PAGE] = count;
      this.#dirtyDays.set(`${day}/${page}`, own);
    }
  }
}
