/** A JSON object of unknown content. */
export type Json = { readonly [key: string]: unknown };

/** The value as an object, or undefined for anything else, lists included. */
export function object(value: unknown): Json | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value as Json : undefined;
}

/** The value as text without blanks around it, cut to `longest` UTF-16 units; undefined for empty text and anything else. */
export function text(value: unknown, longest: number): string | undefined {
  if (typeof value !== 'string') return undefined;
  // Through a buffer, because a slice would keep the whole string alive.
  const kept = (value.length <= longest ? value : Buffer.from(value.slice(0, longest)).toString()).trim();
  return kept === '' ? undefined : kept;
}

/** An id. Those of 64 bits are text; where a forwarder made a number of it, what is left of it is kept as it reads. */
export function id(value: unknown): string | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? String(value) : text(value, 256);
}

/** Parameters of an event: Google's list of named, typed values, or the plain object that forwarders make of it. */
export class Parameters {
  readonly #list: readonly unknown[];
  readonly #plain: Json | undefined;

  constructor(value: unknown) {
    this.#list = Array.isArray(value) ? value.slice(0, MOST_PARAMETERS) : [];
    this.#plain = object(value);
  }

  /** The first text of a parameter, of at most `longest` UTF-16 units. */
  text(name: string, longest: number): string | undefined {
    const value = this.#value(name);
    const first: unknown = Array.isArray(value) ? value[0] : value;
    return typeof first === 'number' ? id(first) : text(first, longest);
  }

  /** All texts of a parameter, at most 32. */
  texts(name: string): string[] {
    const value = this.#value(name);
    const items: readonly unknown[] = Array.isArray(value) ? value : [value];
    return items.slice(0, MOST_VALUES).map((item) => text(item, 512)).filter((item) => item !== undefined);
  }

  /** A count from 0 up, or undefined; 64-bit numbers are text. */
  count(name: string): number | undefined {
    const value = this.#value(name);
    const count = typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : value;
    return typeof count === 'number' && Number.isSafeInteger(count) && count >= 0 ? count : undefined;
  }

  /** A truth, or undefined; forwarders write it as text too. */
  truth(name: string): boolean | undefined {
    const value = this.#value(name);
    if (value === true || value === 'true') return true;
    return value === false || value === 'false' ? false : undefined;
  }

  /** All of them in one order and spelling, whichever way they were written; for hashes only. */
  content(): unknown[] {
    const pairs: (readonly [unknown, unknown])[] = this.#plain ? Object.entries(this.#plain) : this.#list.map((item) => {
      const it = object(item);
      return it ? [it['name'], valueOf(it) ?? it['messageValue'] ?? it['multiMessageValue']] : ['', item];
    });
    const told = pairs.filter(([, value]) => value !== null && value !== undefined)
      .map(([name, value]) => [typeof name === 'string' ? name : '', Array.isArray(value) ? value.map(spelled) : spelled(value)] as const);
    return told.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  }

  #value(name: string): unknown {
    if (this.#plain) return Object.hasOwn(this.#plain, name) ? this.#plain[name] : undefined;
    for (const item of this.#list) {
      const it = object(item);
      if (it?.['name'] === name) return valueOf(it);
    }
    return undefined;
  }
}

function valueOf(it: Json): unknown {
  return it['value'] ?? it['intValue'] ?? it['multiValue'] ?? it['multiIntValue'] ?? it['boolValue'];
}

/** Numbers and truths as text: forwarders write either. */
function spelled(value: unknown): unknown {
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : value;
}

const MOST_PARAMETERS = 256;
const MOST_VALUES = 32;
