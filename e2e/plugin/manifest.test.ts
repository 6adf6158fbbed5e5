import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';

const PLUGIN = resolve(import.meta.dirname, '../../datasource-plugin');
/** A copy of Grafana's `plugin.schema.json`, which is under another licence than this repository. */
const PUBLISHED = process.env['GRAFANA_PLUGIN_SCHEMA'];

/** The manifest as the build leaves it. */
const manifest = (): unknown => {
  const { version } = JSON.parse(readFileSync(join(PLUGIN, 'package.json'), 'utf8')) as { version: string };
  return JSON.parse(readFileSync(join(PLUGIN, 'src/plugin.json'), 'utf8').replaceAll('%VERSION%', version).replaceAll('%TODAY%', '2026-01-31'));
};

const words = z.string().min(1);
const file = z.string().regex(/^[\w-]+(\/[\w-]+)*\.(svg|json|png)$/).refine((path) => existsSync(join(PLUGIN, 'src', path)), 'no such file');
const role = z.enum(['Viewer', 'Editor', 'Admin']);

/** What the reference of plugin.json says of the keys that a data source without a part on the server has; every other key is refused. */
const rules = z.strictObject({
  $schema: z.url({ protocol: /^https$/ }), type: z.literal('datasource'), name: words, id: z.string().regex(/^[0-9a-z]+-([0-9a-z]+-)?datasource$/),
  metrics: z.boolean(), logs: z.boolean(), tracing: z.boolean(), annotations: z.boolean(), streaming: z.boolean(), multiValueFilterOperators: z.boolean(),
  category: z.enum(['tsdb', 'logging', 'cloud', 'tracing', 'profiling', 'sql', 'enterprise', 'iot', 'other']), languages: z.array(z.string().regex(/^[a-z]{2}-[A-Z]{2}$/)),
  queryOptions: z.strictObject({ maxDataPoints: z.boolean(), minInterval: z.boolean() }),
  info: z.strictObject({
    description: words, author: z.strictObject({ name: words }), keywords: z.array(words).min(1), logos: z.strictObject({ small: file, large: file }), links: z.array(z.strictObject({ name: words, url: z.url() })),
    screenshots: z.array(z.strictObject({ name: words, path: file })), version: z.string().regex(/^\d+\.\d+\.\d+$/), updated: z.iso.date(),
  }),
  includes: z.array(z.strictObject({ type: z.literal('dashboard'), name: words, path: file })),
  routes: z.array(z.strictObject({ path: z.string().regex(/^[a-z]+$/), method: z.enum(['GET', 'POST']).optional(), reqRole: role.optional(), url: words, headers: z.array(z.strictObject({ name: words, content: words })) })),
  dependencies: z.strictObject({ grafanaDependency: z.string().regex(/^>=\d+\.\d+\.\d+$/), plugins: z.tuple([]) }),
});

describe('plugin.json', () => {
  it('keeps the rules of its reference', () => {
    expect(rules.safeParse(manifest()).error?.issues).toBeUndefined();
  });

  it.each<[string, (of: Record<string, unknown>) => unknown]>([
    ['an id of no data source', (of) => ({ ...of, id: 'remit-app' })], ['a part on the server', (of) => ({ ...of, backend: true })], ['a logo that is not there', (of) => ({ ...of, info: { ...of['info'] as object, logos: { small: 'img/none.svg', large: 'img/none.svg' } } })],
    ['a version that Grafana cannot compare', (of) => ({ ...of, dependencies: { grafanaDependency: 'latest', plugins: [] } })], ['a route with a token in its URL', (of) => ({ ...of, routes: [{ path: 'read', url: 'x', urlParams: [] }] })],
  ])('with %s would be refused', (_, change) => {
    expect(rules.safeParse(change(manifest() as Record<string, unknown>)).success).toBe(false);
  });

  if (PUBLISHED !== undefined) it('is valid under the published schema', () => {
    const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false, unicodeRegExp: false });
    const validate = ajv.compile(JSON.parse(readFileSync(PUBLISHED, 'utf8')) as object);
    expect([validate(manifest()), validate.errors]).toEqual([true, null]);
    expect(validate({ ...manifest() as object, backends: true })).toBe(false);
  });
});
