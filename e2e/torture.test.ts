import { expect, test } from 'vitest';
import { torture } from './torture/torture.ts';

const say = (): void => {};

test('through kills -9 during ingest and replay, what was acknowledged is there once', async () => {
  const { kills, acknowledged, wrong } = await torture({ kills: 9, seed: 20_261_122, lying: false, say });
  expect(wrong).toEqual([]);
  expect(kills).toBe(9);
  expect(acknowledged).toBeGreaterThan(500);
}, 240_000);

test('a build that acknowledges before the commit is caught', async () => {
  const { wrong } = await torture({ kills: 12, seed: 20_261_123, lying: true, say });
  expect(wrong.join('\n')).toMatch(/\d+ acknowledged events (are lost|were not there)/);
}, 60_000);
