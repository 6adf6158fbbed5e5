import type { Detector, RunCallView, RunSurprise, RunView, Signal, View } from '@remit/contract';
import { learned } from '../learned.ts';
import { attack, bounded, DAY, day, nist, owasp, tenet } from '../phrases.ts';

/** A ticket is a run that is among the most surprising one in so many of its agent. */
const RARE = 1 / 100;
/** And holds a call whose tool and values are that rare among such calls, −log10: what is new every time is no destination. */
const UNUSUAL = 1;
const SHOWN = 10;

/**
 * A target that the identity never touched, where the score of the hour says that this stands out. And a run of an agent that changed something with a tool, or passed a value to one, that neither the inventory approves nor the agent's runs for this
 * purpose showed, and that is rare among them. Pages when that is rare enough for the budget; a small memory can never say so and gives
 * tickets. Where the record lists values of an argument, another one that no run for the purpose showed is told without any memory, and
 * pages where its owner enforces. One finding a run or an hour, of undeclared values one for tool, argument and UTC day; provisional until it is over.
 */
export const detector: Detector = {
  id: 'new-destination',
  title: 'Machine identity acts on a destination or value that is new for its purpose',
  class: 'baseline',
  severity: 'critical',
  certain: false,
  on: 'run',
  frameworks: [
    attack('T1567', 'Exfiltration Over Web Service'),
    attack('T1565', 'Data Manipulation'),
    owasp('NHI5:2025', 'Overprivileged NHI'),
    nist('DE.CM-03', 'Personnel activity and technology usage are monitored'),
    nist('DE.AE-02', 'Potentially adverse events are analyzed'),
    tenet(4),
  ],
  needs: ['principal', 'resource'],
  summary: '{identity} acts on a destination or with a value that is new for its purpose',
  firstAction: 'Stop the run or workload, look up what the call passed, and for an agent what it had read just before',
  benign: [
    'A new customer, recipient or account that somebody asked for', 'A new version of the agent or of its tools', 'A task that is seldom done',
    'A task whose values are different every time, in the first weeks',
  ],
  quietFor: DAY,
  hour: (hour, view) => learned('new-destination', hour, view),
  inspect(run, view) {
    const { surprise } = run;
    const outside = run.calls.filter(isUndeclared);
    const told = [...Map.groupBy(outside, ({ tool: { name }, undeclared }) => bounded(`undeclared value: ${name} ${undeclared.join(' ')}`, 256))].map(([subject, calls]) => undeclaredSignal(subject, run, calls, view));
    const news = run.calls.filter((call) => isNew(call) && !outside.includes(call));
    if (surprise === null || !surprise.ready || news.length === 0) return told;
    const pages = surprise.hourScore >= view.threshold;
    return pages || surprise.ticketP <= RARE ? [...told, signalOf(run, news, surprise, pages, view)] : told;
  },
};

function isNew({ novelty, arguments: passed, surprise, writes, outcome }: RunCallView): boolean {
  return writes && outcome === 'success' && surprise >= UNUSUAL && (novelty !== 'known' || passed.length > 0);
}

function isUndeclared({ undeclared, writes, outcome }: RunCallView): boolean { return undeclared.length > 0 && writes && outcome === 'success'; }

/** A list is no habit: it is kept or left from the first call on, and pages like the rest of the record. */
function undeclaredSignal(subject: string, run: RunView, calls: readonly RunCallView[], { remit }: View): Signal {
  const telling = calls[0]!;
  const paths = [...new Set(telling.undeclared)];
  const more = calls.length === 1 ? '' : `, and ${calls.length - 1} more such ${calls.length === 2 ? 'call' : 'calls'}`;
  return {
    subject, bucket: day(telling.ref.time),
    reason: {
      expected: `only values that arguments lists${run.purpose === null ? '' : ` for the purpose ${bounded(run.purpose, 60)}`}, or that its runs have shown`,
      observed: `${nameOf(telling)} with another value of ${paths.slice(0, 4).map(argumentOf).join(', ')}${more}`,
    },
    evidence: calls.slice(0, SHOWN).map(({ ref }) => ref), first: telling.ref.time, at: calls.at(-1)!.ref.time, count: calls.length, scope: scopeOf(calls),
    ...(remit?.owner?.enforce === true ? {} : { severity: 'warning' as const }),
  };
}

/** What was passed as a text that is no object, and what was too much to be told apart, have no name. */
function argumentOf(path: string): string {
  return path === '' ? 'its argument, unread as a whole' : path === '…' ? 'its many arguments, from the 24th on' : bounded(path, 40);
}

function scopeOf(calls: readonly RunCallView[]): NonNullable<Signal['scope']> {
  return { tools: [...new Set(calls.map(({ tool: { server, name } }) => (server === undefined || server === '' ? name : `${server}/${name}`)))] };
}

function signalOf(run: RunView, news: readonly RunCallView[], surprise: RunSurprise, pages: boolean, view: View): Signal {
  const telling = news.reduce((most, call) => (call.surprise > most.surprise ? call : most));
  const others = news.length - 1;
  const purpose = run.purpose === null ? '' : ` for the purpose ${bounded(run.purpose, 60)}`;
  const approval = view.remit === null ? '' : ', or the inventory approves';
  const incomplete = run.incomplete ? ', in an incomplete trace' : '';
  const more = others === 0 ? '' : `, and ${others} more such ${others === 1 ? 'call' : 'calls'}`;
  return {
    subject: 'new destination', bucket: run.key,
    reason: {
      expected: `tools and values that ${surprise.learned} runs since ${day(surprise.since)} used${purpose}${approval}`,
      observed: `${nameOf(telling)}${words(telling)}${more}${incomplete}; ${rarity(surprise)}`,
    },
    evidence: [telling, ...news.filter((call) => call !== telling)].slice(0, SHOWN).map(({ ref }) => ref).sort((a, b) => a.time - b.time),
    first: news[0]!.ref.time, at: news.at(-1)!.ref.time, count: news.length, score: surprise.hourScore,
    scope: scopeOf(news),
    ...(pages ? {} : { severity: 'warning' as const }),
  };
}

function nameOf({ category, tool: { name } }: RunCallView): string {
  return `${bounded(category, 40)}:${bounded(name, 59)}`;
}

/** What of the call is new. Values are not known, only where they stood. */
function words({ novelty, arguments: passed }: RunCallView): string {
  const paths = [...new Set(passed.map(({ path }) => (path === '' ? 'its argument' : bounded(path, 40))))];
  const shown = paths.slice(0, 4).join(', ') + (paths.length > 4 ? ` and ${paths.length - 4} more` : '');
  const places = passed.every(({ novelty: each }) => each === 'elsewhere') ? 'only known elsewhere' : 'never seen';
  const values = paths.length === 0 ? '' : ` a value of ${shown} ${places}`;
  if (novelty === 'known') return ` with${values}`;
  return `, ${novelty === 'unknown' ? 'a tool it never used' : 'a tool of its other purposes'}${values === '' ? '' : `, with${values}`}`;
}

/** By rank, so never rarer than one in the number of runs. */
function rarity({ p, sampled }: RunSurprise): string {
  if (p <= 1 / (sampled + 1) + Number.EPSILON) return `none of ${sampled} runs is as unusual`;
  return `about 1 run in ${Math.max(1, Math.floor(1 / p))} is as unusual`;
}
