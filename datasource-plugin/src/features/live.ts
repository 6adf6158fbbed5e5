import { Observable, share, Subscription, timer } from 'rxjs';
import { retry } from 'rxjs/operators';
import type { FetchResponse } from '@grafana/runtime';
import type { StreamLine } from '@remit/contract';
import type { Client } from '../lib/client';

/** Waits between attempts, ms; the last one repeats. A wait is made up to half as long again, so that tabs do not come back together. */
const WAITS = [1_000, 2_000, 5_000, 15_000, 30_000];
/** The service says something every 15 s; without a word for this long the connection is taken for dead. */
const SILENT = 40_000;

/** Told to panels: something changed, or the stream is not to be had and they must ask again by themselves every so often. */
export type LiveSignal = { type: 'line'; line: StreamLine } | { type: 'open' } | { type: 'poll' };

/**
 * One stream of findings for a data source and tab, however many panels listen: browsers open at most six connections to a host over HTTP/1.1, and
 * six streams would freeze Grafana. It resumes where it was cut, is closed while the tab is hidden, and says `poll` when the service has no room for it.
 */
export function sharedStream(client: Client, page: Document = document): Observable<LiveSignal> {
  let cursor: string | undefined;
  const attempt = (): Observable<LiveSignal> =>
    new Observable<LiveSignal>((subscriber) => {
      let watchdog: ReturnType<typeof setTimeout>;
      const alive = () => {
        clearTimeout(watchdog);
        watchdog = setTimeout(() => subscriber.error(new Error('silent')), SILENT);
      };
      const lines = new Lines((line) => {
        cursor = 'cursor' in line ? line.cursor : cursor;
        subscriber.next(line.type === 'hello' ? { type: 'open' } : { type: 'line', line });
      });
      alive();
      const open = client.stream(cursor, []).subscribe({
        next: ({ data }: FetchResponse<Uint8Array | undefined>) => {
          alive();
          if (data) {
            lines.take(data);
          }
        },
        error: (error: unknown) => subscriber.error(error),
        complete: () => subscriber.error(new Error('ended')),
      });
      return () => {
        clearTimeout(watchdog);
        open.unsubscribe();
      };
    });
  return new Observable<LiveSignal>((subscriber) => {
    let running: Subscription | undefined;
    const start = () => {
      running ??= attempt()
        .pipe(
          retry({
            resetOnSuccess: true,
            delay: (_, count) => {
              // The first attempt again is a matter of course (the service ends streams after a while); a second one in a row is not.
              if (count > 1) {
                subscriber.next({ type: 'poll' });
              }
              return timer((WAITS[Math.min(count, WAITS.length) - 1] ?? 1_000) * (1 + Math.random() / 2));
            },
          })
        )
        // Not the subscriber itself: ending this one would end it too.
        .subscribe({ next: (signal) => subscriber.next(signal), error: (error: unknown) => subscriber.error(error) });
    };
    const stop = () => {
      running?.unsubscribe();
      running = undefined;
    };
    const look = () => (page.hidden ? stop() : start());
    page.addEventListener('visibilitychange', look);
    look();
    return () => {
      page.removeEventListener('visibilitychange', look);
      stop();
    };
  }).pipe(share());
}

/** Puts pieces of bytes together into lines. A line that is no JSON, or longer than a megabyte, is passed over. */
class Lines {
  private rest = '';
  private readonly decoder = new TextDecoder();

  constructor(private readonly each: (line: StreamLine) => void) {}

  take(piece: Uint8Array): void {
    const lines = (this.rest + this.decoder.decode(piece, { stream: true })).split('\n');
    this.rest = lines.pop() ?? '';
    if (this.rest.length > 1_000_000) {
      this.rest = '';
    }
    for (const line of lines) {
      const read = parse(line);
      if (read) {
        this.each(read);
      }
    }
  }
}

function parse(line: string): StreamLine | undefined {
  try {
    const read: unknown = JSON.parse(line);
    return typeof read === 'object' && read !== null && 'type' in read ? (read as StreamLine) : undefined;
  } catch {
    return undefined;
  }
}
