import type { DataFrame } from '@grafana/data';
import { recorded, TO } from '../../test/cases';
import { frames } from './frames';

const explained = (explore: boolean): DataFrame[] => frames(recorded('explain', 'frames').frames, { query: { refId: 'A', kind: 'explain' }, to: TO, from: 0, until: 1, explore });
const rows = ({ fields }: DataFrame): Array<[string, string]> => (fields[0]?.values ?? []).map((fact: string, row) => [fact, String(fields[1]?.values[row])]);

it('an explanation begins with what, whom, why and what to do, in words', () => {
  const [summary, finding] = explained(false);
  const value = (name: string): unknown => finding?.fields.find((field) => field.name === name)?.values[0];
  const said = new Map(rows(summary!));
  expect([...said.keys()]).toEqual(['What', 'Identity', 'Owner', 'When', 'Why', 'Expected', 'Observed', 'Do this first', 'Harmless when']);
  expect(said.get('What')).toContain(String(value('title')));
  expect([said.get('Why'), said.get('Expected'), said.get('Observed')]).toEqual([value('reason'), value('expected'), value('observed')]);
  expect(summary!.fields[0]?.config.links?.map(({ title }) => title)).toEqual(['Dashboard of this identity', 'Its events', 'Its findings', 'What it reaches', 'Runbook']);
});

it('long texts go over several rows in Explore, whose tables do not wrap, and lose no word', () => {
  const [whole, cut] = [rows(explained(false)[0]!), rows(explained(true)[0]!)];
  expect(cut.length).toBeGreaterThan(whole.length);
  expect(Math.max(...cut.map(([, text]) => text.length))).toBeLessThanOrEqual(96);
  expect(cut.map(([, text]) => text).join(' ').replace(/\s+/g, ' ')).toBe(whole.map(([, text]) => text).join(' ').replace(/\s+/g, ' '));
});

it.each([['utc', / UTC · /], ['Asia/Tokyo', / JST · /]])('times are said in the zone that was chosen, and name it: %s', (timeZone, zone) => {
  const [summary, finding] = frames(recorded('explain', 'frames').frames, { query: { refId: 'A', kind: 'explain' }, to: TO, from: 0, until: 1, timeZone });
  const when = rows(summary!).find(([fact]) => fact === 'When')?.[1];
  const time = finding?.fields.find(({ name }) => name === 'time')?.values[0] as number;
  expect(when).toMatch(zone);
  expect(when).toContain(`– ${new Date(time + (timeZone === 'utc' ? 0 : 9 * 3_600_000)).toISOString().slice(0, 19).replace('T', ' ')}`);
});
