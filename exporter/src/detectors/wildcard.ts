/**
 * Whether a pattern of `actions[]` matches the whole text, ignoring case: `*` is any characters, `?` is one. At most
 * pattern × text steps, so that no text can make it run away; for rare events only, records compile their own patterns.
 */
export function wildcard(pattern: string, text: string): boolean {
  const p = pattern.toLowerCase();
  const t = text.toLowerCase();
  let at = 0;
  let inside = 0;
  let star = -1;
  let resume = 0;
  while (at < t.length) {
    if (p[inside] === '*') {
      star = inside++;
      resume = at;
    } else if (inside < p.length && (p[inside] === '?' || p[inside] === t[at])) {
      inside++;
      at++;
    } else if (star >= 0) {
      inside = star + 1;
      at = ++resume;
    } else {
      return false;
    }
  }
  while (p[inside] === '*') inside++;
  return inside === p.length;
}
