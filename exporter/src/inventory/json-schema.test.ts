import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { readInventoryFolder } from './folder.ts';
import { generated, inventoryJsonSchema } from './json-schema.ts';
import { loadInventory } from './load.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const valid = new Ajv({ strict: false, validateFormats: false }).compile(inventoryJsonSchema());

test('the published schema is the one in force', () => {
  for (const [path, text] of Object.entries(generated())) expect(readFileSync(root + path, 'utf8')).toBe(text);
});

test('the sample loads without a problem and fits the schema', async () => {
  const files = await readInventoryFolder(`${root}inventory/sample`);
  const { inventory, problems } = loadInventory(files, { importedAt: Date.parse('2026-11-22T00:00:00Z') });
  expect(problems).toEqual([]);
  expect(inventory!.records().length).toBeGreaterThan(3);
  for (const [file, text] of Object.entries(files)) expect([file, valid(parse(text)), valid.errors]).toEqual([file, true, null]);
});

test.each([
  ['identities:\n  - urn: aws:role\n'],
  ['identities:\n  - { urn: "urn:nhi:aws:1:role/x", onwer: a }\n'],
  ['exceptions:\n  - { id: a, identity: "*", detector: x, owner: p, reason: r }\n'],
  ['owners: {}\n'],
])('the schema refuses what the loader refuses: %j', (text) => {
  expect(valid(parse(text))).toBe(false);
  expect(loadInventory({ 'a.yml': text }, { importedAt: 0 }).inventory).toBeNull();
});
