import { configDefaults, defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{contract,exporter,dashboards,tools,bench,e2e,evaluate}/**/*.test.ts'],
    exclude: [...configDefaults.exclude, 'datasource-plugin/**'],
    setupFiles: ['tools/property-seed.ts'],
    // Real processes, files and sockets: forks keep a crash in one file to itself.
    pool: 'forks',
    // Wide enough for a busy machine with two processors: no test measures time.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // A forgotten `.only` would pass silently.
    allowOnly: false,
    passWithNoTests: false,
  },
});
