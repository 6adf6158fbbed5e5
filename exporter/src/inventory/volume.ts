import type { IdentityRecord, VolumeLimit } from '@remit/contract';
import { parseDuration } from '../lib/duration.ts';

const UNITS: Record<string, number> = {
  B: 1, kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40,
};

/** Bytes of a number or of a text such as `500MB` or `2 GiB`, rounded down; null when it is none or not exact (8 PiB and more). */
export function parseBytes(value: number | string): number | null {
  const [, number, unit] = typeof value === 'number' ? [null, String(value), 'B'] : /^(\d+(?:\.\d+)?)\s?([kKMGT]?i?B)$/.exec(value) ?? [];
  const bytes = Math.floor(Number(number) * (UNITS[unit ?? ''] ?? NaN));
  return Number.isSafeInteger(bytes) && bytes >= 0 ? bytes : null;
}

/** Compiles `max_volume[]` of a record that has passed the checks. The text reads `500MB or 1000 rows in 24h`. */
export function compileLimits(limits: NonNullable<IdentityRecord['max_volume']>): VolumeLimit[] {
  return limits.map(({ bytes, rows, objects, per }) => {
    const parts = [
      bytes === undefined ? [] : typeof bytes === 'number' ? `${bytes} bytes` : bytes,
      rows === undefined ? [] : `${rows} ${rows === 1 ? 'row' : 'rows'}`,
      objects === undefined ? [] : `${objects} ${objects === 1 ? 'object' : 'objects'}`,
    ].flat();
    return {
      bytes: bytes === undefined ? null : parseBytes(bytes), rows: rows ?? null, objects: objects ?? null,
      per: parseDuration(per)!, text: `${parts.join(' or ')} in ${per}`,
    };
  });
}
