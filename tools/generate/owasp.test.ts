import { expect, test } from 'vitest';
import { detectors } from '../../exporter/src/registry.generated.ts';
import { NOBODY, owaspRows } from './owasp.ts';

test('all ten items have their row: detectors, or the reason why there is none', () => {
  const rows = owaspRows(detectors);
  expect(rows.map(([item]) => item?.split(' ')[0])).toEqual(Array.from({ length: 10 }, (_, i) => `NHI${i + 1}:2025`));
  expect(rows.filter(([, by]) => by === NOBODY)).toEqual([]);
  expect(rows.filter(([, by]) => by!.startsWith('not judged: ')).map(([item]) => item)).toEqual(['NHI4:2025 Insecure Authentication', 'NHI6:2025 Insecure Cloud Deployment Configurations']);
});

test('a manifest that names something else is refused', () => {
  const framework = { name: 'OWASP NHI' as const, version: '2025', id: 'NHI11:2025', title: 'Anything' };
  expect(() => owaspRows([{ id: 'odd', frameworks: [framework] }])).toThrow('odd names NHI11:2025 Anything');
});
