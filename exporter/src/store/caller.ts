import type { Worker } from 'node:worker_threads';

/** Calls into a worker thread by numbered messages. When the thread dies, every open and later call fails with its reason. */
export class Caller<Request extends { id: number }, Reply extends { id: number; error?: string }> {
  readonly #worker: Worker;
  readonly #open = new Map<number, { resolve: (reply: Reply) => void; reject: (error: Error) => void }>();
  #next = 1;
  #dead: Error | null = null;

  constructor(worker: Worker) {
    this.#worker = worker;
    worker.on('message', (reply: Reply) => {
      const call = this.#open.get(reply.id);
      this.#open.delete(reply.id);
      if (this.#open.size === 0) worker.unref();
      if (reply.error === undefined) call?.resolve(reply);
      else call?.reject(new Error(reply.error));
    });
    worker.on('error', (error: unknown) => this.#die(error instanceof Error ? error : new Error(String(error))));
    worker.on('exit', () => this.#die(new Error('the storage thread has ended')));
    worker.unref();
  }

  call(request: DistributiveOmit<Request, 'id'>, transfer: readonly ArrayBuffer[] = []): Promise<Reply> {
    if (this.#dead) return Promise.reject(this.#dead);
    return new Promise((resolve, reject) => {
      const id = this.#next++;
      this.#open.set(id, { resolve, reject });
      this.#worker.ref();
      this.#worker.postMessage({ ...request, id }, transfer);
    });
  }

  /** Sends a last request and ends the thread. */
  async close(request: DistributiveOmit<Request, 'id'>): Promise<void> {
    if (this.#dead) return;
    await this.call(request);
    await this.#worker.terminate();
  }

  #die(error: Error): void {
    this.#dead ??= error;
    for (const call of this.#open.values()) call.reject(this.#dead);
    this.#open.clear();
  }
}

type DistributiveOmit<T, K extends keyof T> = T extends unknown ? Omit<T, K> : never;
