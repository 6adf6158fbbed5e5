import { nhiEventSchema, type NhiEvent } from '@remit/contract';
import { describe, expect, test } from 'vitest';
import { loadInventory } from '../inventory/load.ts';
import { source } from '../sources/generic/source.ts';
import { lineOf } from './lines.ts';
import { DAY, HOUR, USE_CASES, type SimulateOptions } from './options.ts';
import { simulate } from './simulate.ts';

const OPTIONS: SimulateOptions = { identities: 50, weeks: 5, seed: 7, attacks: 2400, quiet: 4 };
const CONTEXT = { feed: 'test', cluster: 'test', receivedAt: 0 };

function all(options: SimulateOptions): NhiEvent[] {
  return [...simulate(options).hours()].flatMap((batch) => batch.events);
}

/** Without the ids, which count. */
function deeds(events: readonly NhiEvent[], urn: string): string[] {
  return events.filter((e) => e.actor.identity.urn === urn)
    .map((e) => JSON.stringify([e.time, e.api.operation, e.resources, e.volume, e.status_id, e.src_endpoint]));
}

describe('a simulated fleet', () => {
  const events = all(OPTIONS);

  test('is the same for the same options, told any number of times, and another for another seed', () => {
    const options = { ...OPTIONS, weeks: 1, quiet: 0, attacks: 200 };
    const fleet = simulate(options);
    const one = [...fleet.hours()];
    expect(one.length).toBe(168);
    expect(one.reduce((sum, batch) => sum + batch.events.length, 0)).toBeGreaterThan(5000);
    expect([...fleet.hours()]).toEqual(one);
    expect([...simulate(options).hours()]).toEqual(one);
    expect([...simulate({ ...options, seed: 8 }).hours()]).not.toEqual(one);
  });

  test('comes in order of time, hour by hour, as events by the schema', () => {
    const fleet = simulate({ ...OPTIONS, weeks: 2, quiet: 1 });
    let expected = fleet.start;
    let checked = 0;
    for (const { hour, events } of fleet.hours()) {
      expect(hour).toBe(expected);
      expected += HOUR;
      let last = hour;
      for (const event of events) {
        if (event.time < last || event.time >= hour + HOUR) expect.fail(`${event.time} is not within the hour or out of order`);
        last = event.time;
        if (checked++ % 97 === 0) nhiEventSchema.parse(event);
      }
    }
    expect(expected).toBe(fleet.end);
  });

  test('has no id twice', () => {
    expect(new Set(events.map((event) => event.metadata.original_event_uid)).size).toBe(events.length);
  });

  test('is read back from its lines as it was', () => {
    for (const event of events.filter((_, i) => i % 37 === 0)) {
      const record = JSON.parse(lineOf(event)) as unknown;
      expect(source.recognises(record)).toBe(true);
      expect(source.normalise(record, CONTEXT)).toEqual([event]);
    }
  });

  test('has every use case, with events in what the label says, and nothing before the quiet weeks are over', () => {
    const fleet = simulate(OPTIONS);
    expect(new Set(fleet.labels.map((label) => label.use_case))).toEqual(new Set(USE_CASES));
    const active = new Map<string, number[]>();
    for (const { actor, time } of events) {
      const urn = actor.identity.urn!;
      if (!active.has(urn)) active.set(urn, []);
      active.get(urn)!.push(time);
    }
    for (const { use_case, identity, start, end } of fleet.labels) {
      expect(start).toBeGreaterThanOrEqual(fleet.start + 28 * DAY);
      if (use_case === 'drift') continue;
      expect(active.get(identity)!.some((time) => time >= start && time < end), `${use_case} of ${identity}`).toBe(true);
    }
  });

  test('lives the same life without misuse', () => {
    const fleet = simulate(OPTIONS);
    const misused = new Set(fleet.labels.map((label) => label.identity));
    const calm = all({ ...OPTIONS, attacks: 0 });
    expect(simulate({ ...OPTIONS, attacks: 0 }).labels).toEqual([]);
    for (const { urn } of fleet.identities.filter((one) => !misused.has(one.urn)).slice(0, 8)) expect(deeds(calm, urn)).toEqual(deeds(events, urn));
    // Before its misuse, too, and beside it.
    const attacked = fleet.labels.find((label) => label.use_case === 'off-hours')!;
    const own = new Set(deeds(events, attacked.identity));
    expect(deeds(calm, attacked.identity).every((deed) => own.has(deed))).toBe(true);
  });

  test('has an inventory that loads, and knows what it does; the bare one declares nothing', () => {
    const options = { identities: 300, weeks: 1, seed: 3, attacks: 0 };
    const fleet = simulate(options);
    const { inventory, problems } = loadInventory(fleet.inventory, { importedAt: fleet.start });
    expect(problems).toEqual([]);
    expect(inventory!.records().length).toBe(300);
    const declared = inventory!.records().filter(({ record }) => record.schedule !== undefined).length;
    expect(declared).toBeGreaterThan(180);
    expect(declared).toBeLessThan(240);
    let [judged, outside] = [0, 0];
    for (const event of all(options)) {
      const { remit } = inventory!.match([event.actor.identity.urn!], event.time)!;
      if (remit.schedule(event.time, 1).state === 'undeclared') continue;
      judged++;
      if (remit.schedule(event.time, 1).state === 'outside') outside++;
    }
    expect(outside / judged).toBeLessThan(0.01);
    expect(outside).toBeGreaterThan(0);
    const bare = loadInventory(fleet.bareInventory, { importedAt: fleet.start }).inventory!;
    expect(bare.records().every((remit) => remit.owned && remit.reviewed && remit.record.actions === undefined && remit.record.schedule === undefined)).toBe(true);
  });

  test.each([
    [{ identities: 0, weeks: 1, seed: 1 }, 'identities'], [{ identities: 1, weeks: 1.5, seed: 1 }, 'weeks'], [{ identities: 1, weeks: 1, seed: -1 }, 'seed'],
    [{ identities: 1, weeks: 1, seed: 1, declared: 2 }, 'declared'],
  ])('options that make no fleet are named: %j', (options, name) => {
    expect(() => simulate(options)).toThrow(name);
  });
});
