import type { Millis } from '@remit/contract';
import { agentRecord, appRecord, trailRecord } from './records.ts';

const HOUR: Millis = 3_600_000;
const DAY: Millis = 24 * HOUR;
/** The app of a supplier that takes out ledgers. */
export const EXPORT_CLIENT = '104729130031-1edgerexp0rtc0nnect0r5examp1eabcde.apps.googleusercontent.com';

/** So long after the telling the agent begins its next run: whoever looks sees one. */
const SOON: Millis = 2 * 60_000;
/** On the demo's own clock it is always ten when its stories are told: what is found does not depend on when somebody tries it. */
const TOLD_AT = 10;

/** Hour of the day in UTC at which the demo's clock shows this one. */
export function utcHour(told: Millis, hour: number): number {
  return (new Date(told).getUTCHours() - TOLD_AT + hour + 48) % 24;
}

/** Five weeks before the telling, and on to the Friday before: an identity that is first seen on a Friday soon shows what its weekends are like. */
export function historyFrom(told: Millis): Millis {
  const day = told - told % HOUR - TOLD_AT * HOUR - 35 * DAY;
  return day - (new Date(day).getUTCDay() + 2) % 7 * DAY;
}

/** One call within an hour: its record at a time. */
type Call = (time: Millis, nth: number) => object;
/** What somebody does in an hour: on the demo's clock, `nth` after the hour of the telling (negative: before), and the same in days. */
interface Hour { hour: number; nth: number; days: number }
interface Habit { name: string; calls(hour: Hour): Call[] }

const role = (name: string, roleId: string, session: string) => (service: string, operation: string, target: string): Call => (time, nth) =>
  trailRecord({ time, role: name, roleId, session, service: `${service}.amazonaws.com`, operation, target, nth, since: time - time % DAY });

const orders = role('orders-api', 'AROADEMOORDERSAPI0001', 'i-0a1b2c3d4e5f60718');
const ledger = role('ledger-close', 'AROADEMOLEDGERCLOSE01', 'close-run');
const deploy = role('deploy-pipeline', 'AROADEMODEPLOYPIPE001', 'pipeline');
const EXPORT = { client: EXPORT_CLIENT, app: 'Ledger export' };
const indexer = role('search-indexer', 'AROADEMOSEARCHINDEX01', 'indexer-0');
const thumbs = role('thumbnailer', 'AROADEMOTHUMBNAILER01', 'thumbs-0');
const mailer = role('invoice-mailer', 'AROADEMOINVOICEMAIL01', 'mailer-0');
const archiver = role('legacy-archiver', 'AROADEMOLEGACYARCHV01', 'archiver');
const mediaBefore = role('media-worker', 'AROADEMOMEDIAWORKER01', 'media-0');
const mediaSince = role('media-worker', 'AROADEMOMEDIAWORKER02', 'media-0');

const atWork = ({ hour }: Hour): boolean => hour >= 7 && hour < 18;
const times = (n: number, call: Call): Call[] => Array<Call>(n).fill(call);

/** Each does what it is there for, all day, at night or at work; a comment says what else. */
const HABITS: readonly Habit[] = [
  { name: 'orders-api', calls: (h) => times(swing(h, 3, 6), orders('s3', 'GetObject', 'orders-assets/catalogue.json')) },
  { name: 'ledger-close', calls: ({ hour }) => (hour === 2 ? [...times(10, ledger('s3', 'GetObject', 'ledgers/day.parquet')), ...times(2, ledger('s3', 'PutObject', 'ledgers/closed.parquet'))] : []) },
  // Renews its secrets every night.
  {
    name: 'deploy-pipeline', calls: (h) => [
      ...atWork(h) ? [deploy('ecr', 'DescribeImages', 'storefront'), deploy('secretsmanager', 'GetSecretValue', 'deploy/registry'), deploy('s3', 'PutObject', 'release-artifacts/storefront.tgz')] : [],
      ...h.hour === 3 ? [deploy('secretsmanager', 'PutSecretValue', 'deploy/registry'), deploy('secretsmanager', 'PutSecretValue', 'deploy/signing')] : [],
    ],
  },
  // Reads everything over and over in the hours before the telling.
  { name: 'search-indexer', calls: (h) => times(h.nth >= -4 && h.nth <= -2 ? 90 : swing(h, 2, 4, 1), indexer('s3', 'GetObject', 'search-documents/part.json')) },
  // Grows by four per cent a day since its level was approved.
  { name: 'thumbnailer', calls: (h) => times(Math.round(swing(h, 4, 6, 2) * 1.04 ** Math.max(0, Math.min(14, h.days + 14))), thumbs('s3', 'GetObject', 'pictures/original.jpg')) },
  // Beside its work: what one exception excuses, and what another one excused until two days before.
  {
    name: 'invoice-mailer', calls: (h) => [
      mailer('s3', 'GetObject', 'invoices/open.pdf'), ...h.hour === 4 && h.days > -8 ? [mailer('sqs', 'SendMessage', 'invoice-queue')] : [],
      ...h.hour === 5 && h.days > -6 ? [mailer('s3', 'DeleteObject', 'invoices/sent.pdf')] : [],
    ],
  },
  { name: 'legacy-archiver', calls: ({ hour, days }) => (days < -31 && hour % 4 === 0 ? [archiver('s3', 'GetObject', 'old-archive/index')] : []) },
  // Deleted nine days before the telling, and made again under its name.
  { name: 'media-worker', calls: (h) => times(1, (h.days < -9 ? mediaBefore : mediaSince)('s3', 'GetObject', 'media/clip.mp4')) },
  // Takes out forty times as much in one hour before the telling.
  {
    name: 'ledger-export', calls: ({ nth: now }) => [
      (time, nth) => appRecord({ ...EXPORT, time, method: 'drive.files.list', bytes: 20_000, nth }),
      (time, nth) => appRecord({ ...EXPORT, time, method: 'drive.files.get', bytes: now === -3 ? 60_000_000 : 1_500_000, nth }),
    ],
  },
  {
    name: 'stock-keeper', calls: (h) => (h.hour >= 6 && h.hour < 20 ? [(time) => agentRecord({
      time, namespace: 'warehouse', service: 'stock-agent', agent: 'stock-keeper', purpose: h.hour % 2 === 0 ? 'restock' : 'count',
      tools: h.hour % 2 === 0 ? ['find_stock', 'read_stock', 'create_order'] : ['find_stock', 'read_stock'],
    })] : []),
  },
];

/** What these identities do from one time to another, in order of time; `told` is when the demo began. The same for the same times, however they are asked for. */
export function habits(from: Millis, to: Millis, told: Millis): object[] {
  const all: { time: Millis; record: object }[] = [];
  for (let start = from - from % HOUR; start < to; start += HOUR) {
    const after = (start - (told - told % HOUR)) / HOUR;
    const hour = { hour: (((TOLD_AT + after) % 24) + 24) % 24, nth: after, days: after / 24 };
    for (const { name, calls } of HABITS) {
      const records = calls(hour);
      for (const [nth, record] of records.entries()) {
        // Spread over the hour, to the second.
        const soon = name === 'stock-keeper' && after === 0;
        const time = soon ? Math.min(told + SOON, start + HOUR - 1000) : start + Math.floor(((nth + share(`${name} ${after} ${nth}`)) / records.length) * 3600) * 1000;
        if (time >= from && time < to) all.push({ time, record: record(time, nth) });
      }
    }
  }
  return all.sort((a, b) => a.time - b.time).map(({ record }) => record);
}

/** As many calls as the hour of the day has, from a quiet night to a busy noon, give or take: never more, so that little in five weeks is odd by chance. */
function swing({ nth, hour }: Hour, night: number, noon: number, give = 0): number {
  const busy = (1 - Math.cos((hour / 24) * 2 * Math.PI)) / 2;
  return Math.max(1, Math.round(night + (noon - night) * busy) + Math.floor(share(`swing ${nth}`) * (2 * give + 1)) - give);
}

/** A number in [0, 1) that follows from a text. */
function share(seed: string): number {
  let h = 2_166_136_261;
  for (let i = 0; i < seed.length; i++) h = Math.imul(h ^ seed.charCodeAt(i), 16_777_619);
  h = Math.imul(h ^ (h >>> 15), 2_246_822_507);
  return ((h ^ (h >>> 13)) >>> 0) / 4_294_967_296;
}
