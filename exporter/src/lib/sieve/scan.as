// AssemblyScript: compiled to WebAssembly by `npm run generate` (tools/generate/sieve.ts) into scan.generated.ts.
//
// Reads one line of JSON and finds the values of the wanted paths, checking the grammar of all the rest as strictly as JSON.parse
// does. Whatever is not plain (bytes beyond ASCII, escapes in keys, a wanted key twice, deep nesting, an error) is left to
// JSON.parse: `scan` answers 0.

/** Nodes of the tree of wanted paths: 0 is the record itself. */
const NODES: u32 = 128;
/** Slots for values seen before, and the longest value that gets one. */
const SLOTS: u32 = 8192;
const SLOT_BYTES: u32 = 256;
/** Containers inside one another. */
const DEEPEST: i32 = 48;

// Where things lie in memory. JavaScript asks for these by the exported functions.
const NODE_KEY: usize = 1024;                          // u32 place, u32 length, u32 parent, u32 whether it has children, of each node
const NODE_SCORE: usize = NODE_KEY + 16 * NODES;       // i32: how often its values come again
const PLACES: usize = NODE_SCORE + 4 * NODES;          // u8: node by hash of its key
const PLACE_COUNT: u32 = 1024;
const KEYS: usize = PLACES + PLACE_COUNT;              // bytes of the keys, each padded to 8
const FOUND: usize = KEYS + 64 * NODES;                // i32 what, i32 start, i32 end, i32 escaped, of each node
const SLOT_HASH: usize = FOUND + 16 * NODES;
const SLOT_LENGTH: usize = SLOT_HASH + 8 * SLOTS;
/** u32: twice the number of the line that last used the slot, and 1 more when that line filled it. */
const SLOT_LINE: usize = SLOT_LENGTH + 4 * SLOTS;
const SLOT_TEXT: usize = SLOT_LINE + 4 * SLOTS;
const INPUT: usize = SLOT_TEXT + SLOT_BYTES * SLOTS;

const KNOWN_FROM: i32 = 1;
const FRESH: i32 = -1;

let nodes: u32 = 1;
let keyEnd: usize = KEYS;
let escaped: bool = false;
let lineEnd: usize = 0;
let line: u32 = 0;

export function input(): usize { return INPUT; }
export function found(): usize { return FOUND; }
/** Where JavaScript writes the key before `add`. */
export function keyPlace(): usize { return keyEnd; }

/** Adds the key of `length` bytes at `keyPlace` below `parent`; returns the node, 0 when there is no room. */
export function add(parent: u32, length: u32): u32 {
  if (nodes === NODES || length > 56) return 0;
  const node = nodes++;
  const at = NODE_KEY + 16 * <usize>node;
  store<u32>(at, <u32>keyEnd);
  store<u32>(at + 4, length);
  store<u32>(at + 8, parent);
  store<u32>(NODE_KEY + 16 * <usize>parent + 12, 1);
  let place = placeOf(parent, keyEnd, length);
  while (load<u8>(PLACES + place) !== 0) place = (place + 1) & (PLACE_COUNT - 1);
  store<u8>(PLACES + place, <u8>node);
  keyEnd += (<usize>length + 15) & ~7;
  return node;
}

/**
 * Reads the line from `start` to `end` of the input. 1 when it is one whole plain object; then `found` holds for each node: what
 * (0 absent, n > 0 the value in slot n - 1, -1 a value without a slot, -n - 1 a new value for slot n - 1), start, end, whether a text
 * has escapes.
 */
export function scan(start: u32, end: u32): i32 {
  memory.fill(FOUND, 0, 16 * <usize>nodes);
  line += 2;
  lineEnd = INPUT + end;
  // A byte that ends every loop below; what was there comes back afterwards.
  const kept = load<u8>(lineEnd);
  store<u8>(lineEnd, 0);
  let at = blank(INPUT + start);
  at = load<u8>(at) === 0x7b ? object(at + 1, 0, 1) : 0;
  if (at !== 0) at = blank(at);
  store<u8>(lineEnd, kept);
  if (at === lineEnd) return 1;
  forget();
  return 0;
}

/** Nobody will put values into the slots that this line filled. */
function forget(): void {
  for (let node: u32 = 1; node < nodes; node++) {
    const what = load<i32>(FOUND + 16 * <usize>node);
    if (what < FRESH) store<u32>(SLOT_LENGTH + 4 * <usize>(-what - 2), 0);
  }
}

// @ts-ignore: decorator
@inline
function blank(at: usize): usize {
  let c = load<u8>(at);
  while (c <= 0x20 && (c === 0x20 || c === 0x0a || c === 0x0d || c === 0x09)) c = load<u8>(++at);
  return at;
}

/** The members of an object, its bracket behind us: those that are nodes below `parent` are kept. */
function object(from: usize, parent: u32, depth: i32): usize {
  let at = blank(from);
  if (load<u8>(at) === 0x7d) return at + 1;
  while (true) {
    if (load<u8>(at) !== 0x22) return 0;
    const key = at + 1;
    escaped = false;
    at = text(key);
    if (at === 0 || escaped) return 0;
    const node = nodeOf(parent, key, <u32>(at - 1 - key));
    at = blank(at);
    if (load<u8>(at) !== 0x3a) return 0;
    at = blank(at + 1);
    at = node === 0 ? value(at, depth) : wanted(at, node, depth);
    if (at === 0) return 0;
    at = blank(at);
    const c = load<u8>(at);
    if (c === 0x7d) return at + 1;
    if (c !== 0x2c) return 0;
    at = blank(at + 1);
  }
}

function wanted(start: usize, node: u32, depth: i32): usize {
  const out = FOUND + 16 * <usize>node;
  if (load<i32>(out) !== 0) return 0;
  escaped = false;
  const inside = load<u32>(NODE_KEY + 16 * <usize>node + 12) !== 0 && load<u8>(start) === 0x7b;
  const end = inside ? object(start + 1, node, depth + 1) : value(start, depth);
  if (end === 0) return 0;
  store<i32>(out, inside ? FRESH : slotFor(start, <u32>(end - start), node));
  store<i32>(out + 4, <i32>(start - INPUT));
  store<i32>(out + 8, <i32>(end - INPUT));
  store<i32>(out + 12, escaped ? 1 : 0);
  return end;
}

/** A value that came before, byte by byte the same, has a slot. Keys whose values never come again are mostly let be. */
function slotFor(start: usize, length: u32, node: u32): i32 {
  if (length > SLOT_BYTES) return FRESH;
  const scorePlace = NODE_SCORE + 4 * <usize>node;
  const score = load<i32>(scorePlace);
  if (score < -256) {
    store<i32>(scorePlace, score < -8192 ? 0 : score - 1);
    return FRESH;
  }
  let hash: u64 = <u64>length * 0x9e3779b97f4a7c15;
  let i: u32 = 0;
  for (; i + 8 <= length; i += 8) {
    hash = (hash ^ load<u64>(start + i)) * 0x9fb21c651e98df25;
    hash ^= hash >> 32;
  }
  if (i < length) {
    hash = (hash ^ tail(start + i, length - i)) * 0x9fb21c651e98df25;
    hash ^= hash >> 32;
  }
  const slot = <u32>(hash >> 7) & (SLOTS - 1);
  const bytes = SLOT_TEXT + <usize>slot * SLOT_BYTES;
  const linePlace = SLOT_LINE + 4 * <usize>slot;
  if (load<u64>(SLOT_HASH + 8 * <usize>slot) === hash && load<u32>(SLOT_LENGTH + 4 * <usize>slot) === length && same(bytes, start, length)) {
    if (score < 64) store<i32>(scorePlace, score + 4);
    if (load<u32>(linePlace) === line + 1) return -<i32>slot - 2;
    store<u32>(linePlace, line);
    return <i32>slot + KNOWN_FROM;
  }
  store<i32>(scorePlace, score - 1);
  // The values of one line may be taken in any order: a slot is not used for two of them.
  if (load<u32>(linePlace) >= line) return FRESH;
  store<u32>(linePlace, line + 1);
  store<u64>(SLOT_HASH + 8 * <usize>slot, hash);
  store<u32>(SLOT_LENGTH + 4 * <usize>slot, length);
  memory.copy(bytes, start, length);
  return -<i32>slot - 2;
}

/** The last 1 to 7 bytes as a number. Reading on is harmless: there is always more memory. */
// @ts-ignore: decorator
@inline
function tail(at: usize, length: u32): u64 {
  return load<u64>(at) & ((<u64>1 << (<u64>length << 3)) - 1);
}

// @ts-ignore: decorator
@inline
function same(a: usize, b: usize, length: u32): bool {
  let i: u32 = 0;
  for (; i + 8 <= length; i += 8) if (load<u64>(a + i) !== load<u64>(b + i)) return false;
  return i === length || tail(a + i, length - i) === tail(b + i, length - i);
}

// @ts-ignore: decorator
@inline
function placeOf(parent: u32, key: usize, length: u32): usize {
  const first: u32 = load<u8>(key);
  const middle: u32 = load<u8>(key + (length >> 1));
  const last: u32 = load<u8>(key + length - 1);
  return <usize>((parent * 97 + length * 31 + first * 7 + middle * 131 + last * 17) & (PLACE_COUNT - 1));
}

function nodeOf(parent: u32, key: usize, length: u32): u32 {
  if (length === 0) return 0;
  let place = placeOf(parent, key, length);
  while (true) {
    const node = load<u8>(PLACES + place);
    if (node === 0) return 0;
    const at = NODE_KEY + 16 * <usize>node;
    if (load<u32>(at + 4) === length && load<u32>(at + 8) === parent && same(load<u32>(at), key, length)) return node;
    place = (place + 1) & (PLACE_COUNT - 1);
  }
}

/** Up to behind the closing quote of the string that begins at `at`; 0 for what is not plain or not valid. Sets `escaped`. */
function text(at: usize): usize {
  const quotes = i8x16.splat(0x22);
  const slashes = i8x16.splat(0x5c);
  const controls = i8x16.splat(0x20);
  while (true) {
    const bytes = v128.load(at);
    // Signed, so that bytes beyond ASCII are less than a blank too.
    const stops = i8x16.bitmask(v128.or(v128.or(i8x16.eq(bytes, quotes), i8x16.eq(bytes, slashes)), i8x16.lt_s(bytes, controls)));
    if (stops === 0) {
      at += 16;
      continue;
    }
    at += ctz(stops);
    const c = load<u8>(at);
    if (c === 0x22) return at + 1;
    if (c !== 0x5c) return 0;
    escaped = true;
    const e = load<u8>(at + 1);
    if (e === 0x75) {
      for (let i: usize = 2; i < 6; i++) if (!isHex(load<u8>(at + i))) return 0;
      at += 6;
    } else if (e === 0x22 || e === 0x5c || e === 0x2f || e === 0x62 || e === 0x66 || e === 0x6e || e === 0x72 || e === 0x74) at += 2;
    else return 0;
  }
}

// @ts-ignore: decorator
@inline
function isHex(c: u8): bool {
  return (c >= 0x30 && c <= 0x39) || (c >= 0x41 && c <= 0x46) || (c >= 0x61 && c <= 0x66);
}

/** Up to behind any value. */
function value(from: usize, depth: i32): usize {
  const c = load<u8>(from);
  if (c === 0x22) return text(from + 1);
  if (c === 0x7b || c === 0x5b) return container(from, depth);
  return scalar(from, c);
}

function scalar(at: usize, c: u8): usize {
  if (c === 0x2d || (c >= 0x30 && c <= 0x39)) return number(at);
  if (c === 0x6e) return load<u32>(at) === 0x6c6c756e ? at + 4 : 0;
  if (c === 0x74) return load<u32>(at) === 0x65757274 ? at + 4 : 0;
  if (c === 0x66) return load<u32>(at + 1) === 0x65736c61 ? at + 5 : 0;
  return 0;
}

function number(from: usize): usize {
  let at = from;
  if (load<u8>(at) === 0x2d) at++;
  let c = load<u8>(at);
  if (c === 0x30) at++;
  else if (c >= 0x31 && c <= 0x39) at = digits(at);
  else return 0;
  if (load<u8>(at) === 0x2e) {
    if (!isDigit(load<u8>(++at))) return 0;
    at = digits(at);
  }
  c = load<u8>(at);
  if (c === 0x65 || c === 0x45) {
    c = load<u8>(++at);
    if (c === 0x2b || c === 0x2d) at++;
    if (!isDigit(load<u8>(at))) return 0;
    at = digits(at);
  }
  return at;
}

// @ts-ignore: decorator
@inline
function isDigit(c: u8): bool { return c >= 0x30 && c <= 0x39; }

function digits(at: usize): usize {
  while (isDigit(load<u8>(at))) at++;
  return at;
}

/** Up to behind an object or list of which nothing is wanted, without recursion: one bit a level says which of the two it is. */
function container(from: usize, outside: i32): usize {
  let kinds: u64 = 0;
  let depth: i32 = 0;
  let at = from;
  while (true) {
    // A value begins here.
    let c = load<u8>(at);
    if (c === 0x7b || c === 0x5b) {
      if (++depth + outside > DEEPEST) return 0;
      kinds = (kinds << 1) | (c === 0x7b ? 1 : 0);
      at = blank(at + 1);
      if (c === 0x7b) {
        if (load<u8>(at) !== 0x7d) {
          at = name(at);
          if (at === 0) return 0;
          continue;
        }
      } else if (load<u8>(at) !== 0x5d) continue;
    } else {
      at = c === 0x22 ? text(at + 1) : scalar(at, c);
      if (at === 0) return 0;
      at = blank(at);
    }
    // A value has ended, or an empty container is about to.
    while (true) {
      c = load<u8>(at);
      const isObject = (kinds & 1) !== 0;
      if (c === (isObject ? 0x7d : 0x5d)) {
        kinds >>= 1;
        at++;
        if (--depth === 0) return at;
        at = blank(at);
        continue;
      }
      if (c !== 0x2c) return 0;
      at = blank(at + 1);
      if (isObject) {
        at = name(at);
        if (at === 0) return 0;
      }
      break;
    }
  }
}

/** Up to the value of a member. */
// @ts-ignore: decorator
@inline
function name(at: usize): usize {
  if (load<u8>(at) !== 0x22) return 0;
  at = text(at + 1);
  if (at === 0) return 0;
  at = blank(at);
  return load<u8>(at) === 0x3a ? blank(at + 1) : 0;
}
