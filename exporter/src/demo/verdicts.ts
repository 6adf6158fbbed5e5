import type { DetectorId, Finding, Millis, Verdict } from '@remit/contract';

const LATELY: Millis = 20 * 3_600_000;
/** What the owners of the demo made of what its five weeks were found for: a word and why. */
const WORDS: Readonly<Record<DetectorId, { state: 'benign' | 'bad'; note: string }>> = {
  'peer-outlier': { state: 'benign', note: 'New then, and its peers do other work' },
  'new-action': { state: 'benign', note: 'Moved to the queue, as its exception says' },
  'new-destination': { state: 'benign', note: 'Moved to the queue, as its exception says' },
  'unusual-hour': { state: 'benign', note: 'Works at that hour now' },
  volume: { state: 'benign', note: 'A busy day, expected' },
  'export-volume': { state: 'bad', note: 'A full export that nobody had ordered; the supplier was told' },
  'off-purpose-action': { state: 'bad', note: 'Nobody had approved these deletions; the job was told to stop' },
};

/** Words of people on findings that had fallen quiet when the story is told: what is found now is for whoever tries the demo. */
export function verdictsOn(findings: Iterable<Finding>, told: Millis): Verdict[] {
  return [...findings].flatMap(({ id, state, last, detector }) => {
    const word = Object.hasOwn(WORDS, detector) ? WORDS[detector] : undefined;
    return state === 'open' && last < told - LATELY && word ? [{ finding: id, by: 'demo', at: told, ...word }] : [];
  });
}
