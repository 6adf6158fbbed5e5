import { fileURLToPath } from 'node:url';

const path = (file: string): string => fileURLToPath(new URL(`../../../examples/data/${file}`, import.meta.url));

/** Published logs that ship with the project, the cluster their records are of, and the feed as which the demo takes them. */
export const SAMPLES = [
  { path: path('cloudtrail-invictus.jsonl.gz'), cluster: 'none', feed: 'sample-invictus' },
  { path: path('k8s-perfspec.jsonl.gz'), cluster: 'perfspec', feed: 'sample-perfspec' },
] as const;
