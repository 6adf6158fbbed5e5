import { readFileSync } from 'node:fs';
import type { Logger } from 'pino';
import type { Finding } from '@remit/contract';
import { detectorsById } from './app.ts';
import type { Config } from './config.ts';
import { AlertmanagerPush } from './sinks/alertmanager/push.ts';
import type { FleetMetrics } from './sinks/metrics/fleet.ts';

interface With { base: string; metrics: FleetMetrics; log: Logger; signal: AbortSignal; standing: Iterable<{ finding: Finding }> }

/** Begins to push findings to Alertmanager as the configuration says, until `signal`; null when it says not to. */
export function startPush(config: Config['alertmanager'], { base, metrics, log, signal, standing }: With): AlertmanagerPush | null {
  const { push: mode, urls, labels, basic_auth: basic, authorization } = config;
  if (mode === 'off') return null;
  let failing = false;
  const push = new AlertmanagerPush({
    urls, labels, mode, base, now: Date.now, open: () => metrics.open.list(), where: (id) => metrics.open.where(id), scrapes: () => metrics.scraped,
    manifest: (id) => detectorsById.get(id) ?? null,
    authorization: () => {
      if (authorization) return `Bearer ${secret(authorization.token_file)}`;
      return basic ? `Basic ${Buffer.from(`${basic.username}:${secret(basic.password_file)}`).toString('base64')}` : null;
    },
    delivered: (ok, error) => {
      metrics.delivered('alertmanager', ok);
      if (!ok && !failing) log.error({ err: error }, 'Alertmanager does not take what is pushed; it is tried again every 30 s');
      failing = !ok;
    },
  });
  metrics.expects('alertmanager');
  push.start([...standing].map(({ finding }) => finding), signal);
  return push;
}

function secret(file: string): string { return readFileSync(file, 'utf8').trim(); }
