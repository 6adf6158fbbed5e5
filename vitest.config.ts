import { configDefaults, defineConfig } from 'vitest/config';

const ELSEWHERE = { GRAFANA_URL: 'dashboards/src/grafana.test.ts', VICTORIAMETRICS_URL: 'dashboards/src/victoriametrics.test.ts' };

export default defineConfig({
  test: {
    include: ['{contract,exporter,dashboards,tools,bench,e2e,evaluate}/**/*.test.ts'],
    // Some need what no registry has: they are part of the run where it is named.
    exclude: [...configDefaults.exclude, 'datasource-plugin/**', ...Object.entries(ELSEWHERE).flatMap(([name, file]) => (process.env[name] ? [] : [file]))],
    setupFiles: ['tools/property-seed.ts'],
    // Real processes, files and sockets: forks keep a crash in one file to itself.
    pool: 'forks',
    // Some of them mostly wait, for scrapes and for groups of alerts.
    maxWorkers: 3,
    // Wide enough for a busy machine with two processors: no test measures time.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // A forgotten `.only` would pass silently.
    allowOnly: false,
    passWithNoTests: false,
  },
});
