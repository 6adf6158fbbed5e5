import { configDefaults, defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{contract,exporter,dashboards,tools,bench,e2e,evaluate}/**/*.test.ts'],
    // Needs a Grafana, which no registry has: with GRAFANA_URL it is part of the run.
    exclude: [...configDefaults.exclude, 'datasource-plugin/**', ...process.env['GRAFANA_URL'] ? [] : ['dashboards/src/grafana.test.ts']],
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
