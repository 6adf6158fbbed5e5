import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DataFrame } from '@grafana/data';
import type { QueryResult } from '@remit/contract';
import type { LinkTargets } from '../lib/links';
import { REGISTRY } from '../queries/registry';
import type { QueryKind } from '../types';

/** Targets of links as a provisioned data source has them. */
export const TO: LinkTargets = { uid: 'remit', name: 'Remit', type: 'remit-nhi-datasource', identityDashboard: 'remit-identity', publicUrl: 'https://remit.example' };

/** An answer of a running service to one query, recorded from its demo. */
export function recorded(kind: QueryKind, format: string): QueryResult {
  return JSON.parse(readFileSync(join(__dirname, '..', 'queries', kind, 'cases', `${format}.jsonl`), 'utf8')) as QueryResult;
}

/** A recorded answer as frames of Grafana. `change` may put something hostile into it first. */
export function framesOf(kind: QueryKind, format: string, change: (answer: QueryResult) => void = () => undefined): DataFrame[] {
  const answer = recorded(kind, format);
  change(answer);
  return REGISTRY[kind].frames(answer.frames, { query: { refId: 'A', kind, format }, to: TO, from: 0, until: 1 });
}
