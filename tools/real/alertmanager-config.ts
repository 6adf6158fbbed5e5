import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

interface Config {
  templates?: string[]; receivers: { name: string; [integration: string]: unknown }[];
  route: Record<string, unknown> & { routes?: Record<string, unknown>[] };
}

/**
 * The shipped Alertmanager configuration with every receiver a webhook at `<url>/<receiver>`, and waits short enough for a test.
 * Routes, grouping and inhibition are those of the file.
 */
export function shippedAlertmanager(url: string, waits = { group_wait: '1s', group_interval: '1s', repeat_interval: '1h' }): Config {
  const config = parse(readFileSync(new URL('../../provisioning/alertmanager/alertmanager.yml', import.meta.url), 'utf8')) as Config;
  const receivers = config.receivers.map(({ name }) => ({ name, webhook_configs: [{ url: `${url}/${name}`, send_resolved: true }] }));
  const routes = (config.route.routes ?? []).map((route) => ({ ...route, ...waits }));
  return { ...config, receivers, route: { ...config.route, ...waits, routes } };
}
