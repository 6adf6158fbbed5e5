/** The telling end of a URN for legends: `urn:nhi:aws:111122223333:role/settlement-export` → `settlement-export`. The whole name is in the labels. */
export function shortName(urn: string): string {
  const end = urn.slice(Math.max(urn.lastIndexOf('/'), urn.lastIndexOf(':')) + 1);
  return end === '' ? urn : end;
}
