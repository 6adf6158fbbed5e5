import type { Detector, EventRef, HourView, Surprise } from '@remit/contract';
import { attack, DAY, hour as hourOf, moment, nist, owasp } from '../phrases.ts';

const SHOWN = 10;

/**
 * More events in one hour than the identity's own past and the fleet's calibration make believable: the score of the
 * `volume` feature reaches the threshold. Speaks only when the baseline is ready, and only of too much; silence is the
 * subject of others. One finding per identity and hour, provisional until the hour closes.
 */
export const detector: Detector = {
  id: 'volume',
  title: 'Machine identity is far busier than it ever was',
  class: 'baseline',
  severity: 'critical',
  certain: false,
  on: 'hour',
  frameworks: [
    attack('T1119', 'Automated Collection'),
    owasp('NHI2:2025', 'Secret Leakage'),
    nist('DE.CM-09', 'Computing hardware and software, runtime environments, and their data are monitored'),
    nist('DE.AE-02', 'Potentially adverse events are analyzed'),
  ],
  needs: ['principal', 'action'],
  summary: '{identity} did far more in an hour than its own past makes believable',
  firstAction: 'Look at which actions and targets make up the hour; stop the workload if they are not its job',
  benign: [
    'A backfill, a migration or a restored queue', 'A retry loop against a service that is down',
    'A scale-out or a new customer', 'The first run of a yearly job',
  ],
  quietFor: DAY,
  inspect(hour, view) {
    const surprise = hour.surprises.get('volume');
    if (surprise === undefined || !surprise.ready || !view.ready) return [];
    if (!(surprise.score >= view.threshold) || surprise.observed <= surprise.p95) return [];
    const evidence = shown(hour);
    return [{
      subject: 'events', bucket: hourOf(hour.start),
      reason: {
        expected: `at most ${count(surprise.p95)} events in such an hour (95 of 100), ${count(surprise.p50)} in the middle`,
        observed: `${count(surprise.observed)} events in the hour of ${moment(hour.start)}${denied(hour)}, ${rarity(surprise)}`,
      },
      evidence, at: evidence[evidence.length - 1]?.time ?? hour.start, count: hour.events, score: surprise.score,
    }];
  },
};

/** The hour's own first events; where the view has none, its sensitive ones. */
function shown(hour: HourView): EventRef[] {
  if (hour.evidence !== undefined) return hour.evidence.slice(0, SHOWN);
  const all = [...hour.categories.values()].flatMap(({ evidence }) => evidence);
  return all.sort((a, b) => a.time - b.time || (a.uid < b.uid ? -1 : 1)).slice(0, SHOWN);
}

function denied(hour: HourView): string { return hour.denied > 0 ? `, ${hour.denied} of them denied` : ''; }

/** How often chance alone would make such an hour. */
function rarity({ score }: Surprise): string {
  const hours = 10 ** Math.min(score, 12);
  const years = hours / (365.25 * 24);
  if (years >= 1000) return 'rarer than once in 1000 years';
  if (years >= 2) return `about once in ${count(years)} years`;
  return `about once in ${count(Math.max(1, hours))} hours`;
}

function count(value: number): string {
  return Number.isFinite(value) ? String(value < 10 ? Math.round(value * 10) / 10 : Math.round(value)) : 'unknown';
}
