import {
  DISPOSITIONS, FLEET, metric, NOBODY, SEVERITIES, FINDING_CLASSES,
  type Detector, type Finding, type FindingChange, type FindingState, type Millis, type Owner,
} from '@remit/contract';
import { SCRAPES_AT_BEGINNING } from './beginnings.ts';
import type { Exposition, Family, Series } from './exposition.ts';
import { ownerLabel } from './label.ts';
import { Rows } from './rows.ts';

const WEEK: Millis = 7 * 24 * 3600_000;
const DAY: Millis = 24 * 3600_000;
const OWNERS = 200;
/** Of a week, kept one by one. */
const PAGES = 100_000;
const CLOSED: Partial<Record<FindingState, (typeof DISPOSITIONS)[number]>> = {
  benign: 'benign', bad: 'bad', resolved: 'quiet', withdrawn: 'quiet', silenced: 'silenced',
};

export interface Page { owner: string; at: Millis }
interface Pages { series: Series; total: number; scrapes: number }
export interface SavedTallies { opened: Record<string, number>; closed: Record<string, number>; pages: Record<string, number>; week: Page[] }

/** Exact numbers of findings and pages. Counters go on from what `restore` says and never step back. */
export class Tallies {
  readonly #opened = new Map<string, Series>();
  readonly #closed = new Map<string, Series>();
  readonly #now = new Map<string, Series>();
  readonly #pages = new Map<string, Pages>();
  readonly #pageFamily: Family;
  readonly #budgets: Rows;
  readonly #spent: Rows;
  readonly #week: Page[] = [];
  readonly #seeded = new Map<string, Millis>();
  readonly #spentNow = new Map<string, number>();
  #owners: ReadonlySet<string> = new Set();

  constructor(exposition: Exposition, detectors: readonly Pick<Detector, 'id' | 'class'>[]) {
    const opened = exposition.family({ ...metric('nhi_findings_total'), type: 'counter' });
    const now = exposition.family({ ...metric('nhi_findings'), type: 'gauge' });
    const closed = exposition.family({ ...metric('nhi_findings_closed_total'), type: 'counter' });
    this.#pageFamily = exposition.family({ ...metric('nhi_pages_total'), type: 'counter' });
    this.#budgets = new Rows(exposition.family({ ...metric('nhi_page_budget_pages'), type: 'gauge' }));
    this.#spent = new Rows(exposition.family({ ...metric('nhi_page_budget_spent_pages'), type: 'gauge' }));
    for (const { id, class: kind } of detectors) {
      for (const severity of SEVERITIES) {
        put(this.#opened, `${id}/${severity}`, opened.add([id, severity, kind]));
        for (const state of ['open', 'acknowledged']) put(this.#now, `${state}/${id}/${severity}`, now.add([state, id, severity]));
      }
      for (const disposition of DISPOSITIONS) put(this.#closed, `${id}/${disposition}`, closed.add([id, disposition]));
    }
  }

  /** Every owner has its page counters from now on; `budget` is the fleet's, in pages a week. */
  owners(owners: readonly Owner[], budget: number | null): void {
    this.#owners = new Set(owners.map((o) => o.team));
    for (const team of [...this.#owners, NOBODY]) for (const kind of FINDING_CLASSES) this.#pagesOf(team, kind);
    for (const [key, pages] of this.#pages) {
      if (this.#mayPage(key.slice(0, key.indexOf('/')))) continue;
      pages.series.remove();
      this.#pages.delete(key);
    }
    for (const { team, budget: own } of owners) if (own !== undefined) this.#budgets.put([ownerLabel(team)], own);
    if (budget !== null) this.#budgets.put([FLEET], budget);
    this.#budgets.sweep();
    this.#showSpent();
  }

  /** Counts one change at this wall-clock time; `before` is the state known until now, null for a finding never heard of. */
  count({ finding, change, page }: FindingChange, before: Pick<Finding, 'state' | 'severity'> | null, at: Millis): void {
    if (before) this.#gauge(finding.detector, before, -1);
    this.#gauge(finding.detector, finding, 1);
    if (change === 'opened' && before === null) this.#open(finding);
    const disposition = CLOSED[finding.state];
    // A person's word counts also on what had fallen quiet by then: precision is made of these.
    const closed = before ? CLOSED[before.state] : undefined;
    const judged = (disposition === 'benign' || disposition === 'bad') && closed !== disposition;
    if (disposition && (closed === undefined || judged)) increase(this.#closed.get(`${finding.detector}/${disposition}`));
    if (page) this.#page(finding, at, 'now');
  }

  /** A finding that the store still has from before the start; in the order of opening. */
  seed(finding: Finding): void {
    this.#gauge(finding.detector, finding, 1);
    const disposition = CLOSED[finding.state];
    if (finding.state !== 'silenced') increase(this.#opened.get(`${finding.detector}/${finding.severity}`));
    if (disposition) increase(this.#closed.get(`${finding.detector}/${disposition}`));
    if (finding.severity !== 'critical' || finding.state === 'silenced') return;
    // As the findings book has it: within a day, one identity and detector page once.
    const key = JSON.stringify([finding.identity, finding.detector]);
    const last = this.#seeded.get(key);
    this.#seeded.set(key, finding.opened_at);
    if (last === undefined || finding.opened_at - last > DAY) this.#page(finding, finding.opened_at, 'before');
  }

  /** Lets time pass over the week of the budget. Call before each scrape, after `seed`. */
  refresh(now: Millis): void {
    this.#spentNow.clear();
    let kept = 0;
    for (const page of this.#week) {
      if (page.at <= now - WEEK) continue;
      this.#week[kept++] = page;
      this.#spentNow.set(page.owner, (this.#spentNow.get(page.owner) ?? 0) + 1);
    }
    this.#week.length = kept;
    this.#showSpent();
    for (const pages of this.#pages.values()) if (pages.scrapes >= SCRAPES_AT_BEGINNING) pages.series.set(pages.total);
  }

  /** A scrape is through. */
  scraped(): void {
    for (const pages of this.#pages.values()) pages.scrapes++;
  }

  save(): SavedTallies {
    return {
      opened: values(this.#opened), closed: values(this.#closed),
      pages: Object.fromEntries([...this.#pages].map(([key, p]) => [key, p.total])), week: [...this.#week],
    };
  }

  /** Counters of the last cut, right after `seed`; the store may have forgotten old findings. */
  restore(saved: SavedTallies): void {
    this.#week.splice(0, Infinity, ...saved.week.slice(0, PAGES));
    for (const [key, value] of Object.entries(saved.opened)) atLeast(this.#opened.get(key), value);
    for (const [key, value] of Object.entries(saved.closed)) atLeast(this.#closed.get(key), value);
    for (const [key, value] of Object.entries(saved.pages)) {
      const [owner = '', kind = ''] = key.split('/');
      const pages = this.#pagesOf(owner, kind);
      if (!pages) continue;
      pages.total = Math.max(pages.total, value);
      pages.scrapes = SCRAPES_AT_BEGINNING;
      pages.series.set(pages.total);
    }
  }

  #open(finding: Finding): void {
    const series = this.#opened.get(`${finding.detector}/${finding.severity}`);
    increase(series);
    if (/^[0-9a-f]{1,64}$/.test(finding.id)) {
      series?.exemplify({ labels: { finding_id: finding.id }, value: 1, at: finding.opened_at / 1000 });
    }
  }

  #page(finding: Finding, at: Millis, when: 'before' | 'now'): void {
    const owner = this.#ownerOf(finding);
    if (this.#week.length < PAGES) this.#week.push({ owner, at });
    const pages = this.#pagesOf(owner, finding.class);
    if (!pages) return;
    pages.total++;
    if (when === 'before') pages.series.set(pages.total);
  }

  #gauge(detector: string, { state, severity }: Pick<Finding, 'state' | 'severity'>, change: 1 | -1): void {
    const series = this.#now.get(`${state}/${detector}/${severity}`);
    series?.set(series.value + change);
  }

  /** An owner that the inventory no longer has keeps no counters: nobody can page it. */
  #ownerOf({ owner }: Finding): string {
    return owner !== null && (this.#owners.size === 0 || this.#owners.has(owner)) ? owner : NOBODY;
  }

  #mayPage(owner: string): boolean {
    return owner === NOBODY || this.#owners.has(owner);
  }

  #pagesOf(owner: string, kind: string): Pages | null {
    const key = `${owner}/${kind}`;
    const known = this.#pages.get(key);
    if (known || this.#pages.size >= FINDING_CLASSES.length * (OWNERS + 1)) return known ?? null;
    if (!(FINDING_CLASSES as readonly string[]).includes(kind)) return null;
    const series = this.#pageFamily.add([ownerLabel(owner), kind]);
    if (!series) return null;
    const pages = { series, total: 0, scrapes: 0 };
    this.#pages.set(key, pages);
    return pages;
  }

  #showSpent(): void {
    this.#spent.put([FLEET], this.#week.length);
    for (const team of this.#owners) this.#spent.put([ownerLabel(team)], this.#spentNow.get(team) ?? 0);
    this.#spent.put([NOBODY], this.#spentNow.get(NOBODY) ?? 0);
    this.#spent.sweep();
  }
}

function put(map: Map<string, Series>, key: string, series: Series | null): void {
  if (series) map.set(key, series);
}

function increase(series: Series | undefined): void {
  series?.set(series.value + 1);
}

function atLeast(series: Series | undefined, value: number): void {
  series?.set(Math.max(series.value, value));
}

function values(map: ReadonlyMap<string, Series>): Record<string, number> {
  return Object.fromEntries([...map].map(([key, series]) => [key, series.value]));
}
