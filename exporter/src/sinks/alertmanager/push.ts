import type { Finding, FindingChange, Millis, Severity, Sink } from '@remit/contract';
import { alertAnnotations, alertName, type AlertManifest } from '../../lib/alert-text.ts';

const EVERY: Millis = 30_000;
/** An alert that is not said again ends by itself after this long. */
const LASTS: Millis = 5 * 60_000;
/** Beside rules: an opening is said until Prometheus has seen it twice, at most this long. */
const LONGEST: Millis = 10 * 60_000;
const SCRAPES = 2;
const ANSWER_WITHIN: Millis = 10_000;
const AT_ONCE = 500;

/** One series of open findings, as `/metrics` shows it: label values, and how many findings are in it. */
export interface OpenSeries { identity: string; identity_owner: string; detector: string; severity: string; value: number }

export interface PushOptions {
  /** Alertmanagers, all of them: each is told everything, as Prometheus does. */
  urls: readonly string[];
  /** What Prometheus adds to its alerts: `cluster` of the scrape, and its external labels. */
  labels: Readonly<Record<string, string>>;
  /** `with-rules`: only critical openings, until the rules have taken over. `sole`: there are no rules; begins and ends every alert. */
  mode: 'with-rules' | 'sole';
  /** Address of this service in links, without a slash at its end. */
  base: string;
  /** Series of open findings at this moment. */
  open(): readonly OpenSeries[];
  /** Where a finding is shown among them; null when it is not. */
  where(finding: string): OpenSeries | null;
  /** Scrapes answered since the start. */
  scrapes(): number;
  now(): Millis;
  manifest(detector: string): AlertManifest | null;
  /** Value of the `Authorization` header, read anew each time; null for none. */
  authorization(): string | null;
  /** Told after each delivery to one of them: false when it could not be reached or refused. */
  delivered(ok: boolean, error?: Error): void;
}

/** One Alertmanager. `said`: the series of the last round, for their end where there are no rules; `again`: something came during this round. */
interface Target { url: string; said: Map<string, { series: OpenSeries; since: Millis }>; round: Promise<void> | null; again: boolean }

/**
 * Findings straight to Alertmanager's API v2, for those that must not wait for a scrape. An alert has the labels that the shipped
 * rule gives it, so that both are one notification.
 */
export class AlertmanagerPush implements Sink {
  readonly id = 'alertmanager';
  readonly #o: PushOptions;
  /** Openings that are still said beside rules, by series. */
  readonly #pending = new Map<string, { series: OpenSeries; since: Millis; scrapes: number }>();
  readonly #targets: readonly Target[];
  #soon: NodeJS.Timeout | null = null;

  constructor(options: PushOptions) {
    this.#o = options;
    this.#targets = options.urls.map((url) => ({ url, said: new Map(), round: null, again: false }));
  }

  /** Says what opened at once, and all that stands every 30 seconds, until `signal`. */
  start(standing: Iterable<Finding>, signal: AbortSignal): void {
    for (const finding of standing) this.#opened(finding, finding.opened_at);
    const timer = setInterval(() => this.#say(), EVERY);
    signal.addEventListener('abort', () => { clearInterval(timer); clearTimeout(this.#soon ?? undefined); }, { once: true });
    this.#say();
  }

  accept(changes: readonly FindingChange[]): Promise<void> {
    let news = this.#o.mode === 'sole';
    for (const { finding, change, page } of changes) if (page || change === 'opened' || change === 'reopened') news = this.#opened(finding, this.#o.now()) || news;
    // A storm is one call.
    if (news) this.#soon ??= setTimeout(() => { this.#soon = null; this.#say(); }, 200);
    return Promise.resolve();
  }

  /** Resolves when what was to be said is said. */
  async idle(): Promise<void> { await Promise.all(this.#targets.map(({ round }) => round ?? Promise.resolve())); }

  #opened({ id, severity, state }: Finding, at: Millis): boolean {
    if (severity !== ('critical' satisfies Severity) || (state !== 'open' && state !== 'acknowledged')) return false;
    const series = this.#o.where(id);
    if (series === null || this.#o.now() - at >= LONGEST) return false;
    const key = keyOf(series);
    if (!this.#pending.has(key)) this.#pending.set(key, { series, since: at, scrapes: this.#o.scrapes() });
    return true;
  }

  /** Each Alertmanager by itself: one that hangs holds up no other. What comes while one is told is told it together, afterwards. */
  #say(): void {
    for (const target of this.#targets) {
      if (target.round !== null) target.again = true;
      else target.round = this.#tell(target).finally(() => { target.round = null; });
    }
  }

  async #tell(target: Target): Promise<void> {
    do {
      target.again = false;
      const alerts = this.#o.mode === 'sole' ? this.#all(target) : this.#openings();
      try {
        for (let i = 0; i < alerts.length; i += AT_ONCE) {
          await this.#post(target.url, JSON.stringify(alerts.slice(i, i + AT_ONCE)));
          this.#o.delivered(true);
        }
      } catch (error) {
        this.#o.delivered(false, error as Error);
      }
    } while (target.again);
  }

  #openings(): object[] {
    const now = this.#o.now();
    const values = new Map(this.#o.open().map((series) => [keyOf(series), series.value]));
    for (const [key, { since, scrapes }] of this.#pending) if (now - since >= LONGEST || this.#o.scrapes() >= scrapes + SCRAPES) this.#pending.delete(key);
    return [...this.#pending].map(([key, { series, since }]) => this.#alert({ ...series, value: values.get(key) ?? series.value }, since, now + LASTS));
  }

  #all(target: Target): object[] {
    const now = this.#o.now();
    const before = target.said;
    target.said = new Map(this.#o.open().filter(({ value }) => value > 0).map((series) => [keyOf(series), { series, since: before.get(keyOf(series))?.since ?? now }]));
    return [
      ...[...target.said.values()].map(({ series, since }) => this.#alert(series, since, now + LASTS)),
      ...[...before].filter(([key]) => !target.said.has(key)).map(([, { series, since }]) => this.#alert(series, since, now)),
    ];
  }

  #alert({ value, ...labels }: OpenSeries, since: Millis, ends: Millis): object {
    const manifest = this.#o.manifest(labels.detector);
    const annotations = manifest === null ? {} : alertAnnotations(manifest, { identity: labels.identity, owner: labels.identity_owner, cluster: this.#o.labels['cluster'] ?? '', findings: value, base: this.#o.base });
    return {
      labels: { ...this.#o.labels, alertname: alertName(labels.detector), ...labels }, annotations,
      startsAt: new Date(since).toISOString(), endsAt: new Date(ends).toISOString(), generatorURL: annotations.finding_url ?? this.#o.base,
    };
  }

  async #post(url: string, body: string): Promise<void> {
    const authorization = this.#o.authorization();
    const response = await fetch(`${url}/api/v2/alerts`, {
      method: 'POST', body, redirect: 'error', signal: AbortSignal.timeout(ANSWER_WITHIN),
      headers: { 'Content-Type': 'application/json', ...(authorization === null ? {} : { Authorization: authorization }) },
    });
    if (!response.ok) throw new Error(`${url} answered ${response.status}: ${(await response.text()).slice(0, 300)}`);
    await response.body?.cancel();
  }
}

function keyOf({ identity, identity_owner, detector, severity }: OpenSeries): string {
  return JSON.stringify([identity, identity_owner, detector, severity]);
}
