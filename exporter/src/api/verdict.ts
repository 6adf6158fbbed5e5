import type { Request, Response } from 'express';
import { mayBecome, StoreFailed, verdictRequestSchema } from '@remit/contract';
import type { Finding, Reader, Verdict, VerdictRequest, VerdictState } from '@remit/contract';
import { refuseBody, sendJson } from '../lib/http-route.ts';
import type { Route } from '../lib/http-route.ts';
import type { Tokens } from '../lib/tokens.ts';
import { createUploadGate } from '../lib/upload.ts';
import type { UploadGate } from '../lib/upload.ts';
import { bearerOf } from './access.ts';
import { readJsonBody } from './json-body.ts';
import { findingOf } from './query.ts';

export interface VerdictDeps {
  reader: Reader;
  tokens: Tokens;
  /** Resolves when the verdict is durable and applied; what does not fit the finding's state then changes nothing. */
  judge(verdict: Verdict): Promise<void>;
  now(): number;
}

type Word = Pick<Verdict, 'state' | 'note' | 'claimed_user'>;

/** A verdict is a sentence, not a file. */
const BODY = { bytes: 16 * 1024, millis: 10_000, idleMillis: 5000 };
const ROOM = 4 << 20;

/** `POST /api/v1/findings/<id>/verdict`: a person's word on a finding, with the write token; answers the finding as it is then. */
export function verdictRoutes(deps: VerdictDeps): Route[] {
  const gate = createUploadGate({ inFlight: () => 0, limit: () => ROOM }, BODY);
  return [{
    method: 'POST', path: '/api/v1/findings/:id/verdict', access: 'write',
    async handle(request, response) {
      const finding = findingOf(deps.reader, request.params['id']);
      if (finding === null) return refuseBody(request, response, 404, { error: 'no such finding; ids are 32 hexadecimal digits' });
      const asked = await readVerdict(request, response, gate);
      if (asked === null) return;
      if (!mayBecome(finding.state, asked.state)) return conflict(response, finding, asked.state);
      const verdict: Verdict = { finding: finding.id, by: deps.tokens.nameOf('write', bearerOf(request) ?? '') ?? 'write', at: deps.now(), ...asked };
      try {
        await deps.judge(verdict);
      } catch (error) {
        if (!(error instanceof StoreFailed)) throw error;
        response.set('Retry-After', '5');
        return sendJson(response, 503, { error: 'the store cannot take the verdict; send it again' });
      }
      answer(response, deps.reader.finding(finding.id), verdict);
    },
  }];
}

async function readVerdict(request: Request, response: Response, gate: UploadGate): Promise<Word | null> {
  const read = await readJsonBody(request, response, gate, verdictRequestSchema, '{"state": "benign", "note": "why"}');
  return read === null ? null : plain(read);
}

/** Lone surrogates would not survive the journal; an empty note is none. */
function plain({ state, note, claimed_user }: VerdictRequest): Word {
  const asked: Word = { state };
  if (note !== undefined && note.trim() !== '') asked.note = note.trim().toWellFormed();
  if (claimed_user !== undefined && claimed_user.trim() !== '') asked.claimed_user = claimed_user.trim().toWellFormed();
  return asked;
}

/** Another word may have come in between, after which this one had no effect. */
function answer(response: Response, finding: Finding | null, { state }: Verdict): void {
  if (finding === null) sendJson(response, 404, { error: 'the finding was forgotten meanwhile' });
  else if (finding.state === state || (state === 'open' && finding.state === 'silenced')) sendJson(response, 200, finding);
  else conflict(response, finding, state);
}

function conflict(response: Response, { state }: Finding, to: VerdictState): void {
  const why = state === 'withdrawn' ? 'what it said does not hold any more'
    : state === 'silenced' ? 'an exception of the inventory covers it; say benign or bad, or end the exception' : 'it is closed; open it first';
  sendJson(response, 409, { error: `a finding that is ${state} cannot become ${to}: ${why}`, state });
}
