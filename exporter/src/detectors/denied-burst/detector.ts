import type { Detector, HourView, Signal, View } from '@remit/contract';
import { learned } from '../learned.ts';
import { attack, DAY, instant, moment, nist, owasp, span, tenet } from '../phrases.ts';

/** Nothing but refusals for so long, and so many of them, is no burst any more. */
const LONG = DAY;
const MANY = 20;

/**
 * More failed or refused events among its events than the identity's past makes believable. Learned: it speaks when the score of the
 * hour reaches the threshold that the page budget sets, and this is what stands out most. One finding per identity and hour,
 * provisional until the hour closes. What always fails deviates from nothing that was learned, so it is told without a score: one ticket
 * for an identity that was refused everything for a day and 20 attempts, until something succeeds, unless another finding tells it.
 */
export const detector: Detector = {
  id: 'denied-burst',
  title: 'Machine identity is refused, or fails, far more than usual',
  class: 'baseline',
  severity: 'critical',
  certain: false,
  on: 'hour',
  frameworks: [
    attack('T1580', 'Cloud Infrastructure Discovery'),
    owasp('NHI5:2025', 'Overprivileged NHI'),
    nist('DE.CM-03', 'Personnel activity and technology usage are monitored'),
    nist('DE.AE-02', 'Potentially adverse events are analyzed'),
    tenet(6),
  ],
  needs: ['principal', 'outcome'],
  summary: '{identity} is refused or fails far more often than usual',
  firstAction: 'Look at which calls were refused: one call again and again is a broken deployment, many different ones are somebody trying doors',
  benign: [
    'A permission that was taken away',
    'A dependency that is down',
    'An expired credential in a retry loop',
  ],
  quietFor: DAY,
  inspect: (hour, view) => [...learned('denied-burst', hour, view), ...onlyRefusals(hour, view)],
};

/** Told at the close of an hour. What leaves the remit, or is sensitive work of a stranger, has its own finding. */
function onlyRefusals({ closing, events, denied, silence, last, violations, categories, evidence }: HourView, { identity, remit }: View): Signal[] {
  if (!closing || silence === undefined || denied === 0 || denied < events || violations !== null || (remit === null && categories.size > 0)) return [];
  const since = silence.since ?? identity.first;
  const refused = silence.refused + denied;
  if (last - since < LONG || refused < MANY) return [];
  return [{
    subject: 'everything', bucket: silence.since === null ? 'never succeeded' : instant(silence.since), part: 'refusals',
    reason: {
      expected: 'something that succeeds now and then',
      observed: `${refused} events, all of them refused, in ${span(last - since)} since ${silence.since === null ? 'it was first seen' : 'something last succeeded'} at ${moment(since)}`,
    },
    evidence: evidence?.slice() ?? [], at: last, first: since, count: refused, severity: 'warning',
  }];
}
