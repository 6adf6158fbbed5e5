/** Longest name of a legend, in characters. */
const MOST = 36;

/** The telling end of a URN for legends: `urn:nhi:aws:111122223333:role/settlement-export` → `settlement-export`. A long one loses its middle. The whole name is in the labels. */
export function shortName(urn: string): string {
  const end = urn.slice(Math.max(urn.lastIndexOf('/'), urn.lastIndexOf(':')) + 1);
  const name = end === '' ? urn : end;
  return name.length > MOST ? `${name.slice(0, MOST - 12)}…${name.slice(-11)}` : name;
}
