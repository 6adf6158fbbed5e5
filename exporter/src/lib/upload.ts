import type { Request, Response } from 'express';
import { awaitingContinue, refuseBody } from './http-route.ts';

/** Limits of an upload. Times in milliseconds. */
export interface UploadLimits {
  /** Most bytes sent, compressed as they come. */
  bytes: number;
  /** Longest time for a whole body, and between two pieces of it. */
  millis: number;
  idleMillis: number;
}
export const UPLOAD_LIMITS: UploadLimits = { bytes: 32 * 1024 * 1024, millis: 60_000, idleMillis: 10_000 };

/** Bytes that uploads in progress hold or have announced, beside those the pipeline already has. */
export interface UploadGate {
  readonly reserved: number;
  /**
   * Reads the body, or answers 413 (too long), 429 (no room; before anything is read) or 408 (too slow) and returns null.
   * A protocol with answers of its own says how it spells them as `spelled`.
   */
  take(request: Request, response: Response, spelled?: Refuse): Promise<Upload | null>;
}
/** A body in memory. */
export interface Upload {
  body: Buffer;
  /** Counts further bytes that this body takes, for example inflated; they are not refused, but leave less room for others. */
  hold(bytes: number): void;
  /** Gives all the bytes back: call it as soon as somebody else counts them. */
  release(): void;
}
/** Answers a request whose body is not wanted; the status and a sentence. */
export type Refuse = (request: Request, response: Response, status: number, error: string) => void;

/** `inFlight` and `limit` are the pipeline's bytes; the gate keeps its own reservations beside them under the same limit. */
export function createUploadGate(room: { inFlight(): number; limit(): number }, limits: UploadLimits = UPLOAD_LIMITS): UploadGate {
  let reserved = 0;
  const fits = (more: number): boolean => room.inFlight() + reserved + more <= room.limit();
  return {
    get reserved() { return reserved; },
    async take(request, response, spelled = asJson) {
      const most = Math.min(limits.bytes, room.limit());
      const announced = request.headers['content-length'] === undefined ? null : Number(request.headers['content-length']);
      if (announced !== null && announced > most) return refuse(request, response, 'long', most, spelled);
      if (!fits(announced ?? 1)) return refuse(request, response, 'full', most, spelled);

      let held = announced ?? 0;
      reserved += held;
      const release = (): void => { reserved -= held; held = 0; };
      const hold = (bytes: number): void => { reserved += bytes; held += bytes; };
      const admit = (total: number): Refusal | null => {
        if (total > most) return 'long';
        if (total <= held) return null;
        if (!fits(total - held)) return 'full';
        reserved += total - held;
        held = total;
        return null;
      };
      if (awaitingContinue.delete(request)) response.writeContinue();
      const read = await readAll(request, limits, admit);
      if (typeof read !== 'string') return { body: read, hold, release };
      release();
      return read === 'gone' ? null : refuse(request, response, read, most, spelled);
    },
  };
}

type Refusal = 'long' | 'full' | 'slow' | 'gone';

function readAll(request: Request, limits: UploadLimits, admit: (total: number) => Refusal | null): Promise<Buffer | Refusal> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let total = 0;
    const done = (result: Buffer | Refusal): void => {
      clearTimeout(whole);
      clearTimeout(idle);
      request.off('data', onData).off('end', onEnd).off('close', onGone).off('error', onGone);
      if (typeof result === 'string') request.pause();
      resolve(result);
    };
    const onData = (chunk: Buffer): void => {
      total += chunk.length;
      idle.refresh();
      const refused = admit(total);
      if (refused === null) chunks.push(chunk);
      else done(refused);
    };
    const onEnd = (): void => done(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks, total));
    const onGone = (): void => done('gone');
    const whole = setTimeout(() => done('slow'), limits.millis);
    const idle = setTimeout(() => done('slow'), limits.idleMillis);
    // A connection that broke later must not be an unhandled error.
    request.on('error', () => undefined);
    request.on('data', onData).once('end', onEnd).once('close', onGone).once('error', onGone);
    if (request.destroyed) onGone();
  });
}

const asJson: Refuse = (request, response, status, error) => refuseBody(request, response, status, { error });

function refuse(request: Request, response: Response, why: Refusal, most: number, spelled: Refuse): null {
  if (why === 'long') spelled(request, response, 413, `the body is larger than ${most} bytes; send it in parts`);
  else if (why === 'slow') spelled(request, response, 408, 'the body came too slowly');
  else {
    response.set('Retry-After', '1');
    spelled(request, response, 429, 'too many bytes are in flight; try again');
  }
  return null;
}
