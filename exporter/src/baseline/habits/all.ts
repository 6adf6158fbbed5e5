import type { Habit } from '@remit/contract';
import { Amounts } from './amounts.ts';
import { Arguments } from './arguments.ts';
import { Counts } from './counts.ts';
import { Errors } from './errors.ts';
import { Gap } from './gap.ts';
import { Novelty } from './novelty.ts';
import { Outcomes } from './outcomes.ts';
import { Highest } from './record.ts';
import { Rhythm } from './rhythm.ts';
import { Sequence } from './sequence.ts';
import { Share } from './share.ts';

/** Every learned habit, made anew: a scorer binds them to its rows. `when` and `volume` also make the bands. */
export function habits(): { all: Habit[]; when: Rhythm; volume: Counts; amount: Amounts } {
  const when = new Rhythm('when', 'off-hours', 'active', (s) => s.events);
  const privileged = new Rhythm('privileged-when', 'sensitive', 'privileged events', (s) => s.privileged, when);
  const sensitive = new Rhythm('sensitive-when', 'sensitive', 'sensitive events', (s) => s.sensitive, when);
  const volume = new Counts('volume', 'volume', 'events', (s) => s.events, when, true);
  const amount = new Amounts();
  const all: Habit[] = [
    when, privileged, sensitive, volume,
    new Counts('sensitive-volume', 'sensitive', 'sensitive and privileged events', (s) => s.privileged + s.sensitive, sensitive, false),
    new Share(when, volume, [{ rhythm: privileged, count: (s) => s.privileged }, { rhythm: sensitive, count: (s) => s.sensitive }]), new Errors(), amount, new Highest('moved', 'export', 'bytes', (s) => s.amount),
    new Novelty('action', 0, 'actions', 28, (s) => s.actions), new Novelty('resource', 1, 'resources', 32, (s) => s.resources),
    new Novelty('source', 2, 'networks', 10, (s) => s.sources), new Novelty('destination', 3, 'destinations', 12, (s) => s.destinations),
    new Sequence(4), new Arguments(5),
    new Gap(), new Outcomes(),
  ];
  return { all, when, volume, amount };
}
