import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

interface ScrapeConfig { static_configs: { targets: string[]; labels?: Record<string, string> }[] }
interface Config { global: Record<string, string>; rule_files: string[]; scrape_configs: ScrapeConfig[]; alerting: { alertmanagers: { static_configs: { targets: string[] }[] }[] } }

/**
 * The shipped Prometheus configuration with other addresses (`host:port`), rule files and, for a test, a short interval in
 * seconds. Labels, limits and everything else are those of the file.
 */
export function shippedPrometheus(to: { target: string; alertmanager: string; rules: string[]; interval?: number }): Config {
  const config = parse(readFileSync(new URL('../../provisioning/prometheus/prometheus.yml', import.meta.url), 'utf8')) as Config;
  const interval = `${to.interval ?? 1}s`;
  const readdress = <C extends { targets: string[] }>(each: C, target: string): C => ({ ...each, targets: [target] });
  return {
    ...config,
    global: { ...config.global, scrape_interval: interval, scrape_timeout: interval, evaluation_interval: interval },
    rule_files: to.rules,
    scrape_configs: config.scrape_configs.map((job) => ({ ...job, static_configs: job.static_configs.map((each) => readdress(each, to.target)) })),
    alerting: { alertmanagers: config.alerting.alertmanagers.map((one) => ({ ...one, static_configs: one.static_configs.map((each) => readdress(each, to.alertmanager)) })) },
  };
}
