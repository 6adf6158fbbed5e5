import { GlobSet } from './glob.ts';
import { KeyedHash } from './hash.ts';

/** Arguments that a call is known by at most; the last of so many stands for all that follow. */
export const MOST_ARGUMENTS = 24;
/** Path of that last one. */
export const REST = '…';
/** Objects inside one another that are taken apart; what lies deeper is one value. */
const DEEPEST = 4;
const LONGEST_VALUE = 80;
const LONGEST_PATH = 128;
/** Characters of what lies beyond the last argument that tell it apart. */
const LONGEST_REST = 65_536;
const NAME = /^[A-Za-z_$][\w$-]{0,63}$/;
const MOST_REMEMBERED = 4096;

/**
 * Arguments that carry a message written anew each time, left out where nothing else is said: they tell no destination. `content` is not among
 * them: what is written into a file or a page is what the call does.
 */
export const FREE_TEXT: readonly string[] = ['body', 'text', 'message', 'prompt', 'description', 'comment', 'html', 'markdown', 'instructions'];

/** One value that a call passed, and where: the names of the arguments around it, joined by dots. */
export interface Passed { path: string; value: string }

/**
 * The values of the arguments of a call, one for each element of a list, at most 24: lower case, trimmed, 80 characters. Nothing and null are no
 * values, nor is what `keeps` does not want. Names that are none of a programming language are written as `?`, since whoever calls chooses them.
 */
export function passedIn(args: unknown, keeps: (path: string) => boolean = always): Passed[] {
  const found: Passed[] = [];
  let rest = '';
  visit(args, '', 0, (path, value) => {
    if (!keeps(path)) return;
    if (found.length < MOST_ARGUMENTS) found.push({ path, value: normal(value) });
    else if (rest.length < LONGEST_REST) rest += `\0${path}\0${value}`;
  });
  if (rest === '') return found;
  const last = found[MOST_ARGUMENTS - 1]!;
  found[MOST_ARGUMENTS - 1] = { path: REST, value: `${last.path}\0${last.value}${rest}` };
  return found;
}

function always(): boolean { return true; }

/** A value as it is compared: lower case, trimmed, at most 80 characters. */
export function normal(value: string): string {
  return value.slice(0, 4 * LONGEST_VALUE).toLowerCase().trim().slice(0, LONGEST_VALUE);
}

function visit(value: unknown, path: string, depth: number, found: (path: string, value: string) => void): void {
  if (value === null || value === undefined) return;
  if (typeof value !== 'object') return found(path, String(value));
  if (depth >= DEEPEST) return found(path, whole(value));
  if (Array.isArray(value)) {
    for (const element of value as unknown[]) visit(element, path, depth + (Array.isArray(element) ? 1 : 0), found);
    return;
  }
  for (const name of Object.keys(value)) {
    visit((value as Record<string, unknown>)[name], joined(path, NAME.test(name) ? name : '?'), depth + 1, found);
  }
}

function joined(path: string, name: string): string {
  const long = path === '' ? name : `${path}.${name}`;
  return long.length <= LONGEST_PATH ? long : path;
}

function whole(value: object): string {
  try {
    return JSON.stringify(value);
  } catch {
    // Nested so deeply that it cannot be written.
    return '…';
  }
}

/**
 * What may be kept of arguments: keyed hashes, 53 bits, of those that `except` does not name. The key is a secret of the installation: without
 * it nobody can tell a value from its hash by trying, or make up a value that passes for another.
 */
export class HiddenValues {
  readonly #keyed: KeyedHash;
  readonly #names: GlobSet;
  readonly #places: GlobSet;
  readonly #kept = new Map<string, boolean>();

  /** `except`: patterns over the last name of a path, or with a colon over `tool:path`. Case is ignored. */
  constructor(key: Uint8Array, except: readonly string[] = FREE_TEXT) {
    this.#keyed = new KeyedHash(key);
    this.#names = new GlobSet(except.filter((pattern) => !pattern.includes(':')), { ignoreCase: true });
    this.#places = new GlobSet(except.filter((pattern) => pattern.includes(':')), { ignoreCase: true });
  }

  /** The hash of a value as `normal` gives it. */
  hash(value: string): number {
    this.#keyed.update(value);
    return this.#keyed.high * 0x200000 + (this.#keyed.low >>> 11);
  }

  /** The arguments of a call in hashes; undefined when nothing of them is kept. */
  of(tool: string, args: unknown): { path: string; hash: number }[] | undefined {
    const kept = passedIn(args, (path) => this.keeps(tool, path)).map(({ path, value }) => ({ path, hash: this.hash(value) }));
    return kept.length === 0 ? undefined : kept;
  }

  /** Whether this argument of this tool is looked at. */
  keeps(tool: string, path: string): boolean {
    const place = `${tool}:${path}`;
    const known = this.#kept.get(place);
    if (known !== undefined) return known;
    const keeps = !this.#names.test(path.slice(path.lastIndexOf('.') + 1)) && !this.#places.test(place);
    if (this.#kept.size >= MOST_REMEMBERED) this.#kept.clear();
    this.#kept.set(place, keeps);
    return keeps;
  }
}
