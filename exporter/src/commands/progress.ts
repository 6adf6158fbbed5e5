import type { WriteStream } from 'node:tty';

const EVERY_TTY = 200;
const EVERY_LOG = 5000;

/** Progress of long work on stderr: a line that is rewritten on a terminal, one every 5 s elsewhere. */
export class Progress {
  readonly #out: WriteStream;
  readonly #quiet: boolean;
  #what = '';
  #started = 0;
  #next = 0;
  #open = false;

  constructor(out: WriteStream, quiet: boolean) {
    this.#out = out;
    this.#quiet = quiet;
  }

  /** `done` of `total` gives the remaining time; `count` of `unit` gives the rate. */
  show(what: string, done: number, total: number, count: number, unit: string): void {
    const now = performance.now();
    if (what !== this.#what) {
      this.#what = what;
      this.#started = now;
      this.#next = now + (this.#out.isTTY ? EVERY_TTY : EVERY_LOG);
    }
    if (this.#quiet || now < this.#next) return;
    this.#next = now + (this.#out.isTTY ? EVERY_TTY : EVERY_LOG);
    const seconds = Math.max((now - this.#started) / 1000, 0.001);
    const left = done > 0 ? Math.max(0, Math.round((seconds * (total - done)) / done)) : null;
    const text = `${what} ${Math.min(100, Math.round((100 * done) / Math.max(total, 1)))} %  ${count} ${unit}  ${Math.round(count / seconds)}/s${left === null ? '' : `  ${left} s left`}`;
    this.#out.write(this.#out.isTTY ? `\r\x1b[2K${text}` : `${text}\n`);
    this.#open = this.#out.isTTY;
  }

  end(): void {
    if (this.#open) this.#out.write('\r\x1b[2K');
    this.#open = false;
  }
}
