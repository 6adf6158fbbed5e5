import type { EventRef, FleetView, IdentityClass, Inventory, Kind, Millis, Remit, Steps, WatchedIdentity } from '@remit/contract';
import { wasActive } from './activity.ts';
import type { Identity } from './identities.ts';
import { HOUR } from './hours.ts';
import { openFinding } from './opening.ts';
import type { Processor } from './processor.ts';
import { standIn } from './stand-in.ts';

/** The fleet as a whole is looked at this often, and at the end of a replay. */
const FLEET_EVERY: Millis = 5 * 60_000;
/** A finding whose detector is gone falls quiet after this long. */
const QUIET: Millis = 24 * HOUR;
/** Identities looked at in a step. */
const IN_A_STEP = 500;
/** Key of the one part of a finding that the fleet's detectors keep saying. */
const PART = 'tick';

/** What only time tells: findings that fall quiet, and what is true of the fleet as a whole, said anew at every look. */
export class FleetWatch {
  /** Findings that the last look stood by. */
  standing = new Set<string>();
  readonly #p: Processor;
  readonly #quiet: ReadonlyMap<string, Millis>;
  /** Detectors whose findings are not withdrawn when they are not said any more. */
  readonly #stays: ReadonlySet<string>;
  /** Detectors of states that were so while they were said. */
  readonly #passes: ReadonlySet<string>;
  #judged: Millis = -Infinity;

  constructor(processor: Processor) {
    this.#p = processor;
    this.#quiet = new Map(processor.parts.detectors.map((d) => [d.id, d.quietFor]));
    this.#stays = new Set(processor.parts.detectors.filter((d) => d.on === 'tick' && d.stays === true).map((d) => d.id));
    this.#passes = new Set(processor.parts.detectors.filter((d) => d.on === 'tick' && d.passes === true).map((d) => d.id));
  }

  * tick(now: Millis): Steps<void> {
    this.#resolveQuiet(now);
    if (now - this.#judged < FLEET_EVERY && now >= this.#judged) return;
    yield* this.#judge(now);
    this.#p.book.forget(now, this.#p.parts.retention);
    yield* this.#p.chains.forget(now);
    this.#judged = now;
  }

  /** The next tick looks again, however soon it comes. */
  judgeSoon(): void {
    this.#judged = -Infinity;
  }

  #resolveQuiet(now: Millis): void {
    for (const kept of [...this.#p.book.open()]) {
      const { finding } = kept;
      if (this.standing.has(finding.id) || finding.provisional) continue;
      // Not when it is noticed: a replay has no ticks between its events.
      const quiet = Math.max(finding.last, finding.updated_at) + (this.#quiet.get(finding.detector) ?? QUIET);
      if (now > quiet) this.#p.book.close(kept, 'resolved', quiet);
    }
  }

  /** What is no longer said is over or was wrong, as its detector has it; what speaks of something that happened stays. */
  * #judge(now: Millis): Steps<void> {
    const inventory = this.#p.parts.timeline.at(now);
    yield* this.#p.identities.bind(inventory, now);
    const standing = new Set<string>();
    for (const { detector, signal } of yield* this.#p.judge.tick(this.#view(now, inventory))) {
      const { urn, ...rest } = signal as typeof signal & { urn: string };
      const identity = this.#p.identities.get(urn) ?? standIn(urn, null);
      standing.add(openFinding(this.#p, { detector, signal: rest, also: [] }, { identity, remit: identity.remit, inventory, event: null, at: now, part: PART, provisional: false }));
    }
    for (const id of this.standing) {
      const kept = this.#p.book.all.get(id);
      if (!kept || standing.has(id) || this.#stays.has(kept.finding.detector)) continue;
      if (this.#passes.has(kept.finding.detector)) this.#p.book.pass(kept, PART, now);
      else this.#p.book.retract(kept, PART, now);
    }
    this.standing = standing;
  }

  #view(now: Millis, inventory: Inventory): FleetView {
    const { identities, relied } = this.#p;
    const p = this.#p;
    // Once a look: every detector of the fleet asks.
    let seen: WatchedIdentity[] | null = null;
    const watched = function* (): Steps<WatchedIdentity[]> {
      const found: WatchedIdentity[] = [];
      for (let i = 0; i < identities.all.length; i++) {
        const identity = identities.all[i]!;
        if (isWatched(identities.classOf(identity))) found.push(new Watched(p, identity));
        if (i % IN_A_STEP === 0) yield;
      }
      return found;
    };
    return {
      now, inventory,
      * each(visit) {
        seen ??= yield* watched();
        for (let i = 0; i < seen.length; i++) {
          visit(seen[i]!);
          if (i % IN_A_STEP === 0) yield;
        }
      },
      * reliedOn() {
        for (const { exception } of inventory.exceptions()) {
          const met = relied.get(exception.id);
          if (met) yield { exception, ...met };
        }
      },
    };
  }
}

function isWatched(verdict: IdentityClass): boolean { return verdict !== 'human' && verdict !== 'platform'; }

/** An identity as a look sees it. Nearly nothing is asked of most of them, so that all of it is found when it is asked for. */
class Watched implements WatchedIdentity {
  readonly #p: Processor;
  readonly #of: Identity;

  constructor(processor: Processor, identity: Identity) {
    this.#p = processor;
    this.#of = identity;
  }

  get urn(): string { return this.#of.urn; }
  get kind(): Kind { return this.#p.identities.kindOf(this.#of); }
  get class(): IdentityClass { return this.#p.identities.classOf(this.#of); }
  get first(): Millis { return this.#of.first; }
  get last(): Millis { return this.#of.last; }
  get principalKey(): string { return this.#of.natives[0]?.key ?? ''; }
  get inventoried(): boolean { return this.#of.remit !== null; }
  get sensitive(): boolean { return this.#of.sensitive; }
  get events(): number { return this.#of.success + this.#of.failure + this.#of.denied; }
  get evidence(): readonly EventRef[] { return lately(this.#of); }
  get remit(): Remit | null { return this.#of.remit; }
  get complete(): Millis { return this.#p.feeds.complete(this.#of.feeds); }
  get recreatedFrom(): string | null { return this.#p.identities.recreatedFrom(this.#of); }
  get scheduledSince(): Millis { return this.#of.remit === null ? -Infinity : this.#p.parts.timeline.scheduledSince(this.#of.remit); }
  active(from: Millis, to: Millis): boolean | null { return this.#of.activity === null ? null : wasActive(this.#of.activity, from, to); }
}

/** The first events of its latest hour that is still open. */
function lately({ open }: Identity): readonly EventRef[] {
  let latest = open[0];
  for (const hour of open) if (hour.start > latest!.start) latest = hour;
  return latest?.evidence ?? [];
}
