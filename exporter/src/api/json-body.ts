import type { Request, Response } from 'express';
import type { z } from 'zod';
import { sendJson } from '../lib/http-route.ts';
import type { UploadGate } from '../lib/upload.ts';
import { filterProblem } from './query.ts';

/** The JSON body of a request by its schema; null when it was refused, which has been answered then. `example` shows what would be taken. */
export async function readJsonBody<S extends z.ZodType>(request: Request, response: Response, gate: UploadGate, schema: S, example: string): Promise<z.output<S> | null> {
  const upload = await gate.take(request, response);
  if (upload === null) return null;
  upload.release();
  let value: unknown;
  try {
    value = JSON.parse(upload.body.toString('utf8'));
  } catch {
    sendJson(response, 400, { error: `the body is no JSON; send ${example}` });
    return null;
  }
  const read = schema.safeParse(value);
  if (read.success) return read.data;
  sendJson(response, 400, { error: filterProblem(read.error) });
  return null;
}
