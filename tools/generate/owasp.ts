import type { Detector } from '@remit/contract';

/** The OWASP Non-Human Identities Top 10 of 2025, and why an item has no detector where it has none. */
const ITEMS: readonly { id: string; title: string; uncovered?: string }[] = [
  { id: 'NHI1:2025', title: 'Improper Offboarding' },
  { id: 'NHI2:2025', title: 'Secret Leakage' },
  { id: 'NHI3:2025', title: 'Vulnerable Third-Party NHI' },
  {
    id: 'NHI4:2025', title: 'Insecure Authentication',
    uncovered: 'not judged: a weak or outdated way to sign in is a setting of the provider, and events show at most which kind of credential was used. What comes of it is: credential-reuse, human-use',
  },
  { id: 'NHI5:2025', title: 'Overprivileged NHI' },
  {
    id: 'NHI6:2025', title: 'Insecure Cloud Deployment Configurations',
    uncovered: 'not judged: static credentials in a pipeline or trust without conditions are found by reading configuration, not by watching what identities do. Their misuse is: credential-reuse, off-purpose-action, wrong-environment',
  },
  { id: 'NHI7:2025', title: 'Long-Lived Secrets' },
  { id: 'NHI8:2025', title: 'Environment Isolation' },
  { id: 'NHI9:2025', title: 'NHI Reuse' },
  { id: 'NHI10:2025', title: 'Human Use of NHI' },
];

/** An item that has lost its detectors and does not say why. */
export const NOBODY = 'none';

/** A row an item: its detectors, or why there is none. Throws where a manifest names what is no item. */
export function owaspRows(detectors: readonly Pick<Detector, 'id' | 'frameworks'>[]): string[][] {
  const known = new Set(ITEMS.map(({ id, title }) => `${id} ${title}`));
  for (const { id, frameworks } of detectors) {
    const strange = frameworks.find((one) => one.name === 'OWASP NHI' && !known.has(`${one.id} ${one.title}`));
    if (strange) throw new Error(`${id} names ${strange.id} ${strange.title}, which is no item of the OWASP NHI Top 10 of 2025`);
  }
  return ITEMS.map(({ id, title, uncovered }) => {
    const by = detectors.filter(({ frameworks }) => frameworks.some((one) => one.name === 'OWASP NHI' && one.id === id)).map((detector) => detector.id);
    return [`${id} ${title}`, by.length > 0 ? by.join(', ') : uncovered ?? NOBODY];
  });
}
