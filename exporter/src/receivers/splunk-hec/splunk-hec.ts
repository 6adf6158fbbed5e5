import { setTimeout as wait } from 'node:timers/promises';
import type { Request, Response } from 'express';
import type { IngestHint, Receipt } from '@remit/contract';
import { queryOf, refuseBody, sendJson, type Route } from '../../lib/http-route.ts';
import { deliver, encodingOf, isBusy, type Busy, type ReceiverDeps } from '../../lib/receive.ts';
import { ANSWERS, authorise, type HecAccess } from './access.ts';
import { LateBodies } from './late-bodies.ts';

export interface HecDeps extends ReceiverDeps {
  access: HecAccess;
  ready(): boolean;
  /** Milliseconds after which a body that is still being worked on is answered as busy; senders give up at 10 s. */
  patience?: number;
}

const PATIENCE = 8000;
const RECEIVER = 'splunk-hec';

/**
 * Splunk's HTTP Event Collector: `POST /services/collector[/event]` and `/raw`, also with `/1.0`, and its health. Every answer has
 * Splunk's `text` and `code`. A body whose events no source knows is a success, as it is for Splunk; they are counted and logged.
 */
export function splunkHecRoutes(deps: HecDeps): Route[] {
  const post = (path: string, handle: Route['handle']): Route => ({ method: 'POST', path, access: 'open', early: true, handle });
  const health = (path: string): Route => ({ method: 'GET', path, access: 'open', early: true, handle: (_request, response) => answerHealth(response, deps) });
  const base = '/services/collector';
  const late = new LateBodies();
  return [
    ...['', '/event', '/event/1.0'].map((path) => post(base + path, (request, response) => take(request, response, deps, late, false))),
    ...['/raw', '/raw/1.0'].map((path) => post(base + path, (request, response) => take(request, response, deps, late, true))),
    ...['', '/health', '/health/1.0'].map((path) => health(base + path)),
    post(`${base}/ack`, (request, response) => {
      const refused = authorise(request, deps.access);
      refuseBody(request, response, (refused ?? ANSWERS.noAck).status, spelled(refused ?? ANSWERS.noAck));
    }),
  ];
}

interface Answer { status: number; text: string; code: number }
const spelled = ({ text, code }: Answer): Record<string, unknown> => ({ text, code });

async function take(request: Request, response: Response, deps: HecDeps, late: LateBodies, raw: boolean): Promise<void> {
  const refused = authorise(request, deps.access);
  if (refused !== null) return refuseBody(request, response, refused.status, spelled(refused));
  if (!deps.ready()) return busy(request, response, 1);
  const encoding = encodingOf(request);
  if (encoding === null) return refuseBody(request, response, 415, spelled(ANSWERS.badFormat));

  const upload = await deps.gate.take(request, response, (_request, _response, status, error) =>
    status === 429 ? busy(request, response, 1)
      : refuseBody(request, response, status, { text: error, code: status === 413 ? ANSWERS.tooLarge.code : ANSWERS.badFormat.code }));
  if (upload === null) return;
  try {
    if (upload.body.length === 0) return sendJson(response, ANSWERS.noData.status, spelled(ANSWERS.noData));
    const known = late.find(upload.body);
    const pending = known ?? deliver(deps.ingest, upload.body, hintOf(request, encoding, deps.sources ?? []));
    if (known === null) upload.release();
    const result = await within(pending, deps.patience ?? PATIENCE);
    if (result === 'late') {
      if (known === null) late.keep(upload.body, pending);
      return busy(request, response, 1);
    }
    if (isBusy(result)) return busy(request, response, result.retryAfter);
    answer(response, result, raw);
    if (result.rejected_total > 0) deps.refused?.(RECEIVER, result);
  } finally {
    upload.release();
  }
}

/** A body that takes too long goes on being worked on; sent again, it is answered with what became of it. */
async function within(pending: Promise<Receipt | Busy>, millis: number): Promise<Receipt | Busy | 'late'> {
  const timer = new AbortController();
  pending.catch(() => undefined);
  try {
    return await Promise.race([pending, wait(millis, 'late' as const, { signal: timer.signal })]);
  } finally {
    timer.abort();
  }
}

function busy(request: Request, response: Response, retryAfter: number): void {
  response.set('Retry-After', String(retryAfter));
  refuseBody(request, response, ANSWERS.busy.status, spelled(ANSWERS.busy));
}

/** Only what could not be read at all is the sender's error; as with Splunk, the events around it were taken. */
function answer(response: Response, receipt: Receipt, raw: boolean): void {
  const { accepted, duplicate, start_record, rejected, rejected_total } = receipt;
  if (accepted + duplicate + start_record + rejected_total === 0) return sendJson(response, ANSWERS.noData.status, spelled(ANSWERS.noData));
  // Nothing of a body that inflates too far was read: a success would lose it.
  if (accepted + duplicate + start_record === 0 && rejected.every(({ reason }) => reason === 'too_large')) {
    return sendJson(response, ANSWERS.tooLarge.status, spelled(ANSWERS.tooLarge));
  }
  const broken = rejected.find(({ reason }) => reason === 'truncated' || (!raw && (reason === 'bad_json' || reason === 'bad_encoding')));
  if (broken === undefined) return sendJson(response, 200, spelled(ANSWERS.success));
  sendJson(response, ANSWERS.badFormat.status, { ...spelled(ANSWERS.badFormat), 'invalid-event-number': broken.index });
}

function answerHealth(response: Response, deps: HecDeps): void {
  const full = !deps.ready() || deps.ingest.bytesInFlight >= deps.ingest.bytesLimit;
  const { status, ...body } = full ? ANSWERS.unhealthy : ANSWERS.healthy;
  sendJson(response, status, body);
}

const NAME = /^[\x21-\x7e]{1,253}$/;

/**
 * The `sourcetype` of the query names a source only when it is exactly the id of one; the feed and the cluster come from Remit's own
 * headers. What Splunk would keep as metadata (host, index, time, source, channel) says nothing that the records do not say better.
 */
function hintOf(request: Request, encoding: string, sources: readonly string[]): IngestHint {
  const hint: IngestHint = { receiver: RECEIVER };
  const sourcetype = queryOf(request)['sourcetype'];
  if (typeof sourcetype === 'string' && sources.includes(sourcetype)) hint.source = sourcetype;
  for (const name of ['feed', 'cluster'] as const) {
    const value = request.headers[`x-remit-${name}`];
    if (typeof value === 'string' && NAME.test(value)) hint[name] = value;
  }
  if (encoding) hint.encoding = encoding;
  return hint;
}
