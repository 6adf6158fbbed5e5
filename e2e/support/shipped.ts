import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { detectors } from '../../exporter/src/registry.generated.ts';
import { generated } from '../../tools/generate/rules.ts';
import { shippedPrometheus } from '../../tools/real/prometheus-config.ts';

interface Route { [key: string]: unknown; matchers?: string[]; receiver?: string }
interface AlertmanagerConfig { receivers: { name: string }[]; route: Route & { routes: Route[] } }

/** The shipped Prometheus configuration with its own intervals; only addresses and the place of the rules differ. */
export function prometheusAsShipped(to: { target: string; alertmanager: string; rules: string[] }): object {
  return { ...shippedPrometheus(to), global: shipped<{ global: object }>('prometheus/prometheus.yml').global };
}

/** The shipped Alertmanager configuration with its own waits: the example's routes copied for these owners, every receiver a webhook. */
export function alertmanagerAsShipped(url: string, owners: readonly string[]): object {
  const config = shipped<AlertmanagerConfig>('alertmanager/alertmanager.yml');
  const copied = <T extends object>(all: readonly T[]): T[] => all.flatMap((each) => {
    const text = JSON.stringify(each);
    return text.includes('payments') ? owners.map((owner) => JSON.parse(text.replaceAll('payments', owner)) as T) : [each];
  });
  const receivers = copied(config.receivers).map(({ name }) => ({ name, webhook_configs: [{ url: `${url}/${name}`, send_resolved: true }] }));
  return { ...config, receivers, route: { ...config.route, routes: copied(config.route.routes) } };
}

/** The shipped rules as files of a folder, with links to this address. */
export function rulesAsShipped(folder: string, url: string): string[] {
  return Object.entries(generated(detectors, url)).filter(([path]) => path.startsWith('rules/') && !path.includes('/tests/')).map(([path, text]) => {
    const file = join(folder, path.replaceAll('/', '-'));
    writeFileSync(file, text);
    return file;
  });
}

function shipped<T>(path: string): T {
  return parse(readFileSync(new URL(`../../provisioning/${path}`, import.meta.url), 'utf8')) as T;
}
