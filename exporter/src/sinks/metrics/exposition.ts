import type { Writable } from 'node:stream';
import { Block, Piece } from './block.ts';
import { numberText } from './number.ts';

export type Format = 'text' | 'openmetrics';

/** Content types of the two formats, to the letter: Prometheus 3 refuses what it does not know. */
export const CONTENT_TYPES: Readonly<Record<Format, string>> = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
};

export interface FamilySpec { name: string; type: 'counter' | 'gauge'; help: string; unit: string; labels: readonly string[] }

/** A pointer from a series to one case behind it, shown in OpenMetrics only. Names and values have at most 128 characters. */
export interface Exemplar { labels: Readonly<Record<string, string>>; value: number; /** Seconds since the epoch. */ at: number }

/** One series: a number with a place of its own in the text. */
export interface Series {
  readonly value: number;
  /** Any number; what cannot be padded (NaN, infinities) costs a new rendering of its block. */
  set(value: number): void;
  /** Takes it out of the text; its place is used again. Further calls do nothing. */
  remove(): void;
  /** Shown with the series until a later one replaces it; an earlier one is ignored. */
  exemplify(exemplar: Exemplar): void;
}

/** Series of one name. */
export interface Family {
  readonly spec: FamilySpec;
  readonly size: number;
  /** Adds a series; label values in the order of the names. Null when one with these values exists. */
  add(values: readonly string[], value?: number): Series | null;
}

/** Pieces below this size are joined; larger ones keep their compressed form between scrapes. */
const JOINED = 48 * 1024;

/**
 * Text of many series that is written once and then only patched: each value has 24 characters, padded with leading zeros, so
 * that a scrape costs what changed. Knows nothing of what it shows.
 */
export class Exposition {
  readonly #families: SlotFamily[] = [];
  readonly #blockSize: number;
  readonly #changed = new Set<Block>();

  constructor(blockSize = 4096) {
    this.#blockSize = blockSize;
  }

  /** Families are written in the order in which they are registered. Throws for a name registered before. */
  family(spec: FamilySpec): Family {
    if (this.#families.some((f) => f.spec.name === spec.name)) throw new Error(`Family ${spec.name} is registered twice`);
    const family = new SlotFamily(spec, this.#blockSize, this.#changed);
    this.#families.push(family);
    return family;
  }

  get size(): number {
    let sum = 0;
    for (const family of this.#families) sum += family.size;
    return sum;
  }

  /**
   * Writes all families and then `tail`, piece by piece with a turn of the event loop between, from a snapshot taken at once:
   * what changes meanwhile belongs to the next scrape. Resolves when the last piece is handed to the stream, or it is closed.
   */
  async write(format: Format, to: Writable, options: { gzip: boolean; tail?: string }): Promise<void> {
    await this.#render();
    const pieces = this.#snapshot(format, options.tail ?? '');
    try {
      for (const piece of pieces) {
        if (to.destroyed) return;
        await handOver(to, piece, options.gzip);
      }
    } finally {
      if (to.destroyed) for (const piece of pieces) piece.release();
    }
  }

  /** New texts are made one block a turn, before the snapshot, so that ten thousand new series do not stop the loop. */
  async #render(): Promise<void> {
    for (const block of [...this.#changed]) {
      if (!block.torn) continue;
      block.render();
      await turn();
    }
  }

  #snapshot(format: Format, tail: string): Piece[] {
    for (const block of this.#changed) block.patch();
    this.#changed.clear();
    const names = new Set(this.#families.map((f) => f.spec.name));
    const pieces: Piece[] = [];
    let joined: Buffer[] = [];
    const flush = (): void => {
      if (joined.length > 0) pieces.push(Piece.once(Buffer.concat(joined)));
      joined = [];
    };
    for (const family of this.#families) {
      if (family.size === 0) continue;
      joined.push(Buffer.from(header(family.spec, format, names)));
      if (format === 'openmetrics' && family.exemplars.size > 0) {
        joined.push(Buffer.from(family.withExemplars()));
        continue;
      }
      for (const block of family.blocks) {
        const piece = block.hold();
        if (block.length < JOINED) { joined.push(piece.bytes); piece.release(); continue; }
        flush();
        pieces.push(piece);
      }
    }
    joined.push(Buffer.from(tail + (format === 'openmetrics' ? '# EOF\n' : '')));
    flush();
    return pieces;
  }
}

/**
 * `# HELP`, `# TYPE` and, in OpenMetrics, `# UNIT`. A counter's family is named without `_total` there; where one of `taken` has
 * that name, it stays whole and of unknown type, because no two families may have one name.
 */
export function header(spec: { name: string; type: string; help: string; unit: string }, format: Format, taken?: ReadonlySet<string>): string {
  let { name, type } = spec;
  if (format === 'openmetrics' && type === 'counter') {
    const short = name.replace(/_total$/, '');
    if (taken?.has(short)) type = 'unknown';
    else name = short;
  }
  const help = escapeText(spec.help, format === 'openmetrics');
  const unit = format === 'openmetrics' && spec.unit && name.endsWith(`_${spec.unit}`) ? `# UNIT ${name} ${spec.unit}\n` : '';
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${unit}`;
}

/** `name{label="value",…}`; empty values are left out, as Prometheus does. */
export function seriesText(name: string, labels: readonly string[], values: readonly string[]): string {
  let text = '';
  for (let i = 0; i < labels.length; i++) {
    const value = values[i] ?? '';
    if (value !== '') text += `${text === '' ? '' : ','}${labels[i]}="${escapeText(value, true)}"`;
  }
  return text === '' ? name : `${name}{${text}}`;
}

const NEEDS_ESCAPE = /[\\"\n]/;

function escapeText(text: string, quotes: boolean): string {
  if (!NEEDS_ESCAPE.test(text)) return text;
  const escaped = text.replace(/\\/g, '\\\\').replace(/\n/g, '\\n');
  return quotes ? escaped.replace(/"/g, '\\"') : escaped;
}

class SlotFamily implements Family {
  readonly spec: FamilySpec;
  readonly blocks: Block[] = [];
  readonly exemplars = new Map<string, Exemplar>();
  readonly #series = new Map<string, SlotSeries>();
  readonly #blockSize: number;
  readonly #changed: Set<Block>;
  #open: Block | null = null;

  constructor(spec: FamilySpec, blockSize: number, changed: Set<Block>) {
    this.spec = spec;
    this.#blockSize = blockSize;
    this.#changed = changed;
  }

  get size(): number { return this.#series.size; }

  add(values: readonly string[], value = 0): Series | null {
    const name = seriesText(this.spec.name, this.spec.labels, values);
    if (this.#series.has(name)) return null;
    const block = this.#room();
    const series = new SlotSeries(this, name, block, block.add(name, value));
    this.#series.set(name, series);
    return series;
  }

  drop(series: SlotSeries): void {
    this.#series.delete(series.name);
    this.exemplars.delete(series.name);
    if (this.#open === null || this.#open.full) this.#open = series.block;
  }

  withExemplars(): string {
    let text = '';
    for (const [name, series] of this.#series) {
      const e = this.exemplars.get(name);
      text += `${name} ${numberText(series.value)}`;
      if (e) text += ` # ${seriesText('', Object.keys(e.labels), Object.values(e.labels))} ${numberText(e.value)} ${numberText(e.at)}`;
      text += '\n';
    }
    return text;
  }

  #room(): Block {
    if (this.#open && !this.#open.full) return this.#open;
    this.#open = this.blocks.find((b) => !b.full) ?? null;
    if (this.#open) return this.#open;
    // Most families are small; of a large one, few large texts cost less to compress than many.
    this.#open = new Block(this.blocks.length === 0 ? Math.ceil(this.#blockSize / 4) : this.#blockSize, this.#changed);
    this.blocks.push(this.#open);
    return this.#open;
  }
}

class SlotSeries implements Series {
  readonly name: string;
  readonly block: Block;
  readonly #family: SlotFamily;
  readonly #slot: number;
  #gone = false;

  constructor(family: SlotFamily, name: string, block: Block, slot: number) {
    this.#family = family;
    this.name = name;
    this.block = block;
    this.#slot = slot;
  }

  get value(): number { return this.#gone ? NaN : this.block.value(this.#slot); }

  set(value: number): void {
    if (!this.#gone) this.block.set(this.#slot, value);
  }

  exemplify(exemplar: Exemplar): void {
    const before = this.#family.exemplars.get(this.name);
    if (!this.#gone && (!before || before.at <= exemplar.at)) this.#family.exemplars.set(this.name, exemplar);
  }

  remove(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.block.remove(this.#slot);
    this.#family.drop(this);
  }
}

async function handOver(to: Writable, piece: Piece, zip: boolean): Promise<void> {
  const bytes = zip ? await piece.gzip() : piece.bytes;
  // Plain text is ours until the stream has let go of it; compressed bytes are never patched.
  if (zip) piece.release();
  const room = to.write(bytes, () => { piece.release(); });
  if (!room && !to.destroyed) await drained(to);
  else await turn();
}

function drained(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => { stream.off('drain', done); stream.off('close', done); resolve(); };
    stream.on('drain', done);
    stream.on('close', done);
  });
}

/** Lets everything else that waits have its turn. */
export function turn(): Promise<void> {
  return new Promise((resolve) => { setImmediate(resolve); });
}
