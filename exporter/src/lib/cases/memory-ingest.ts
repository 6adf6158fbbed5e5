import express from 'express';
import type { Ingest, IngestHint, Receipt } from '@remit/contract';
import type { Route } from '../http-route.ts';
import { listen } from '../../api/listen.ts';
import type { Listening } from '../../api/listen.ts';

/** The pipeline's door, in memory: takes bodies and answers as it is told. */
export class MemoryIngest implements Ingest {
  readonly bytesLimit: number;
  bytesInFlight = 0;
  bodies: { body: Uint8Array; hint: IngestHint }[] = [];
  next: (body: Uint8Array) => Promise<Receipt> = () => Promise.resolve(receipt({ accepted: 1 }));
  constructor(bytesLimit = 64 * 1024 * 1024) { this.bytesLimit = bytesLimit; }
  async accept(body: Uint8Array, hint: IngestHint): Promise<Receipt> {
    this.bodies.push({ body, hint });
    this.bytesInFlight += body.length;
    try {
      return await this.next(body);
    } finally {
      this.bytesInFlight -= body.length;
    }
  }
}

export const receipt = (part: Partial<Receipt>): Receipt => ({ accepted: 0, duplicate: 0, start_record: 0, rejected: [], rejected_total: part.rejected?.length ?? 0, ...part });

/** Receivers' routes on a free loopback port, without the API's guard. */
export function serveRoutes(routes: readonly Route[]): Promise<Listening> {
  const app = express();
  for (const route of routes) app[route.method === 'GET' ? 'get' : 'post'](route.path, (request, response) => route.handle(request, response));
  return listen(app, { address: { host: '127.0.0.1', port: 0, loopback: true }, tls: null });
}
