import type { Detector, Signal } from '@remit/contract';
import { rarity, shown } from '../learned.ts';
import { attack, day, DAY, moment, nist, owasp, tenet, week } from '../phrases.ts';

/**
 * What no single hour shows. Either the identity moved out over 24 hours so much more than usual that the sum is rare, although no hour of them was; or
 * it works at a level far from the one that its owner approved: a baseline that moves along never sees two per cent a day. A ticket, with a
 * budget of its own. One finding per week, since what drips does so for days, or per approved level.
 */
export const detector: Detector = {
  id: 'slow-drift',
  title: 'Machine identity drifts away from what was approved',
  class: 'baseline',
  severity: 'warning',
  certain: false,
  on: 'hour',
  frameworks: [
    attack('T1029', 'Scheduled Transfer'),
    owasp('NHI3:2025', 'Vulnerable Third-Party NHI'),
    nist('DE.CM-09', 'Computing hardware and software, runtime environments, and their data are monitored'),
    nist('DE.AE-02', 'Potentially adverse events are analyzed'),
    tenet(5),
  ],
  needs: ['principal', 'action'],
  summary: '{identity} drifts away from what was approved, slowly',
  firstAction: 'Compare the last weeks with what its purpose needs; approve the new level in its record, or find out what grows',
  benign: [
    'Growth of the business',
    'A new customer, or a new consumer of what it makes',
    'A change of how work is cut into calls',
  ],
  quietFor: 7 * DAY,
  inspect(hour, view): Signal[] {
    const { score, level } = hour;
    if (score === null || !view.ready) return [];
    const evidence = shown(hour);
    const { first, last: at } = hour;
    const signals: Signal[] = [];
    if (score.day >= hour.dayThreshold && score.score < view.threshold) {
      signals.push({
        subject: 'sum of a day', bucket: week(hour.start), evidence, at, first, count: hour.events, score: score.day,
        reason: { expected: 'to move out in 24 hours what it usually does', observed: `far more in the 24 hours to ${moment(hour.start)}, ${rarity(score.day)}, without an hour that stands out` },
      });
    }
    if (level?.drifted === true) {
      signals.push({
        subject: 'level', bucket: day(level.approved), evidence, at, first, count: hour.events,
        reason: {
          expected: `about as many events a day as when its level was approved on ${day(level.approved)}`,
          observed: `${Math.round(level.ratio * 100)} % of that, this week and the last`,
        },
      });
    }
    return signals;
  },
};
