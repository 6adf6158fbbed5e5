import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Random } from '../../bench/random.ts';
import { countsOf, send } from './client.ts';
import { Ledger } from './ledger.ts';
import { Records, type Batch } from './records.ts';
import { ServiceProcess } from './service.ts';

const CLIENTS = 4;
/** Longest time between a start and its kill, in milliseconds. */
const LIVES = 700;
/** One kill in so many comes while the service still starts. */
const AT_START = 5;
const CUT_EVERY = 60;

/** `random` decides when to kill, `seed` what is sent. */
export interface TrialOptions { folder: string; kills: number; random: Random; seed: number; lying: boolean; say(text: string): void }

/** What a trial found: every line of `wrong` is a broken promise. `lines` are the distinct records that were sent, for a replay. */
export interface IngestResult { wrong: string[]; kills: number; acknowledged: number; lines: Set<string>; identities: Map<string, number> }

/**
 * Several clients send real records over HTTP, each batch until it is acknowledged, while the service is killed at random
 * instants and started again on the same storage. After every kill its counts are held against what was acknowledged.
 */
export async function ingestTrial(options: TrialOptions): Promise<IngestResult> {
  return new Trial(options).run();
}

class Trial {
  readonly #o: TrialOptions;
  readonly #records: Records;
  readonly #ledger = new Ledger();
  readonly #wrong: string[] = [];
  /** Sent and not acknowledged: the next client takes them first. */
  readonly #unanswered: Batch[] = [];
  /** Acknowledged since the last check. */
  #fresh: Batch[] = [];
  readonly #lines = new Set<string>();
  #service: ServiceProcess | null = null;

  constructor(options: TrialOptions) {
    this.#o = options;
    this.#records = new Records(new Random(options.seed), Date.now());
  }

  async run(): Promise<IngestResult> {
    const { kills, random, say, lying } = this.#o;
    let identities = new Map<string, number>();
    let kill = 0;
    try {
      while (kill < kills && this.#wrong.length === 0) {
        if (random.between(1, AT_START) === 1) await this.#killAtStart();
        else await this.#killAtWork();
        say(`ingest: ${++kill} of ${kills} kills, ${this.#ledger.totals.acknowledged} events acknowledged`);
      }
      if (this.#wrong.length === 0) await this.#start();
      // A lying build has lost its chance; an honest one takes what is left, once.
      if (this.#wrong.length === 0 && !lying) identities = await this.#finish();
    } finally {
      await this.#service?.kill();
    }
    return { wrong: this.#wrong, kills: kill, acknowledged: this.#ledger.totals.acknowledged, lines: this.#lines, identities };
  }

  #launch(): ServiceProcess {
    const faults = { commitDelay: 0, acknowledgeEarly: this.#o.lying };
    return this.#service = new ServiceProcess({ storagePath: join(this.#o.folder, 'served'), faults, cutEvery: CUT_EVERY });
  }

  async #killAtStart(): Promise<void> {
    const service = this.#launch();
    await sleep(this.#o.random.between(0, 1500));
    await service.kill();
  }

  async #killAtWork(): Promise<void> {
    const { url } = await this.#start();
    if (this.#wrong.length > 0) return;
    let running = true;
    const clients = Promise.all(Array.from({ length: CLIENTS }, async () => {
      while (running) await this.#send(url, this.#unanswered.shift() ?? this.#records.next());
    }));
    clients.catch(() => {});
    await sleep(this.#o.random.between(20, LIVES));
    running = false;
    await this.#service!.kill();
    await clients;
  }

  /** Starts, and compares what is there with what must be. */
  async #start(): Promise<ServiceProcess> {
    const service = this.#launch();
    await service.ready();
    this.#wrong.push(...this.#ledger.compare(await countsOf(service.url)));
    await this.#again(service.url, this.#fresh);
    this.#fresh = [];
    const fresh = this.#records.next();
    await this.#send(service.url, fresh);
    if (!this.#fresh.includes(fresh)) this.#wrong.push('a fresh batch was not taken after a restart');
    return service;
  }

  async #send(url: string, batch: Batch): Promise<void> {
    this.#ledger.sent(batch);
    for (const line of batch.lines) this.#lines.add(line);
    const answer = await send(url, batch);
    if (!answer) {
      this.#unanswered.push(batch);
      return;
    }
    const { accepted, duplicate, start_record, rejected } = answer;
    if (rejected.length > 0 || accepted + duplicate + start_record !== batch.ids.length) {
      this.#wrong.push(`${batch.ids.length} records were answered with ${JSON.stringify(answer)}`);
    }
    this.#ledger.acknowledged(batch);
    this.#fresh.push(batch);
  }

  /** What was acknowledged is known: sent again, none of it may count. */
  async #again(url: string, batches: readonly Batch[]): Promise<void> {
    let lost = 0;
    for (const batch of batches) lost += (await send(url, batch))?.accepted ?? 0;
    if (lost > 0) this.#wrong.push(`${lost} acknowledged events were not there after a restart`);
  }

  /** Sends what is left; then there is every distinct id once, and a last restart keeps it so. */
  async #finish(): Promise<Map<string, number>> {
    for (let tries = 0; this.#unanswered.length > 0 && tries < 1000; tries++) await this.#send(this.#service!.url, this.#unanswered.shift()!);
    await this.#service!.stop();
    this.#launch();
    await this.#service!.ready();
    const counts = await countsOf(this.#service!.url);
    const { sent, acknowledged } = this.#ledger.totals;
    if (sent !== acknowledged) this.#wrong.push(`${sent - acknowledged} events were never acknowledged`);
    this.#wrong.push(...this.#ledger.compare(counts));
    await this.#again(this.#service!.url, this.#fresh);
    return counts.identities;
  }
}
