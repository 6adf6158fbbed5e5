import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import type { Problem } from '@remit/contract';
import { parseDuration } from './lib/duration.ts';
import { readYaml } from './lib/yaml-file.ts';
import { sources } from './registry.generated.ts';

const duration = z.string().transform((text, context) => {
  const millis = parseDuration(text);
  if (millis === null) context.addIssue({ code: 'custom', message: 'a duration as Prometheus writes it, for example 30d' });
  return millis ?? 0;
});
const name = z.string().regex(/^[\x21-\x7e]{1,253}$/, '1 to 253 visible ASCII characters');
const SOURCES: readonly string[] = sources.map(({ id }) => id);
const token = z.strictObject({ token_file: z.string().min(1) }).optional();

/** The configuration file. Every key has a default; unknown keys are errors. */
export const configSchema = z.strictObject({
  /** Bearer tokens, one file each; paths are relative to the configuration file. */
  auth: z.strictObject({ ingest: token, read: token, write: token, admin: token }).prefault({}),
  /** Pages a week that the fleet may cost: sets the threshold of learned findings. */
  budget: z.strictObject({ pages_per_week: z.number().positive().max(10_000).default(5) }).prefault({}),
  /** How long applied events are kept for queries, in event time and bytes. */
  retention: z.strictObject({
    time: duration.default(30 * 86_400_000), bytes: z.int().min(1 << 20).default(10 * 2 ** 30),
  }).prefault({}),
  /** Kubernetes cluster of records that come without one. */
  cluster: z.string().min(1).max(253).default('default'),
  /** Ways in beside HTTP. */
  receivers: z.strictObject({
    /** Files that are followed as they grow. Paths and patterns are relative to the configuration file. */
    files: z.array(z.strictObject({
      path: z.string().min(1).max(4096), feed: name.optional(), cluster: name.optional(),
      source: z.string().refine((id) => SOURCES.includes(id), { error: `there is no such source; known: ${SOURCES.join(', ')}` }).optional(),
    })).max(100).default([]),
  }).prefault({}),
  metrics: z.strictObject({ series_limit: z.int().min(1000).max(1_000_000).default(20_000) }).prefault({}),
});
export type Config = z.output<typeof configSchema>;

/** Reads the file, or gives the defaults when there is none. */
export function loadConfig(file: string | undefined): { config: Config; problems: Problem[] } {
  const defaults = configSchema.parse({});
  if (file === undefined) return { config: defaults, problems: [] };
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    return { config: defaults, problems: [{ file, line: 1, column: 1, severity: 'error', message: `cannot be read: ${(error as Error).message}` }] };
  }
  const read = readYaml(file, text, configSchema);
  if (read.ok) for (const scope of Object.values(read.value.auth)) if (scope) scope.token_file = resolve(dirname(file), scope.token_file);
  if (read.ok) for (const followed of read.value.receivers.files) followed.path = resolve(dirname(file), followed.path);
  return read.ok ? { config: read.value, problems: [] } : { config: defaults, problems: read.problems };
}
