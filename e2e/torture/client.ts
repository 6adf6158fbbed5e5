import type { Counts } from './ledger.ts';
import type { Batch } from './records.ts';

const ANSWERS_WITHIN = 10_000;

/** What the service made of a batch; null when there was no answer, or one that says to try again. */
export interface Answer { accepted: number; duplicate: number; start_record: number; rejected: readonly unknown[] }

/** Sends a batch to `POST /ingest`. Throws when the service refuses what it should take. */
export async function send(url: string, batch: Pick<Batch, 'body' | 'gzip'>): Promise<Answer | null> {
  let response: Response;
  try {
    response = await fetch(`${url}/ingest`, {
      method: 'POST', body: new Uint8Array(batch.body), signal: AbortSignal.timeout(ANSWERS_WITHIN),
      headers: { 'content-type': 'application/x-ndjson', ...(batch.gzip ? { 'content-encoding': 'gzip' } : {}) },
    });
    if (response.status === 503 || response.status === 429) return null;
    const text = await response.text();
    if (response.status !== 200) throw new Refused(`ingest answered ${response.status}: ${text.slice(0, 300)}`);
    return JSON.parse(text) as Answer;
  } catch (error) {
    if (error instanceof Refused) throw error;
    return null;
  }
}

class Refused extends Error {}

/** The counts of `/metrics` and `/api/v1/identities`. */
export async function countsOf(url: string): Promise<Counts> {
  let total = 0;
  for (const [, value] of (await get(`${url}/metrics`)).matchAll(/^nhi_events_total\{.*\} (\S+)$/gm)) total += Number(value);
  const identities = new Map<string, number>();
  for (let cursor: string | null = ''; cursor !== null;) {
    const page = JSON.parse(await get(`${url}/api/v1/identities?limit=1000${cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`}`)) as { items: { urn: string; events: number }[]; cursor: string | null };
    for (const { urn, events } of page.items) identities.set(urn, events);
    cursor = page.cursor;
  }
  return { total, identities };
}

async function get(url: string): Promise<string> {
  const response = await fetch(url, { signal: AbortSignal.timeout(ANSWERS_WITHIN) });
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return response.text();
}
