// Times in tests are UTC wherever they run.
process.env.TZ = 'UTC';

const base = require('./.config/jest.config');
const { grafanaESModules, nodeModulesToTransform } = require('./.config/jest/utils');

const [swc] = Object.values(base.transform);

module.exports = {
  // Rendering Grafana's inputs takes seconds on a busy machine.
  testTimeout: 120_000,
  ...base,
  // Packages come as .mjs too, which create-plugin's pattern does not know.
  transform: { '^.+\\.m?[tj]sx?$': swc },
  transformIgnorePatterns: [nodeModulesToTransform([...grafanaESModules, 'd3-[a-z-]+', '@grafana/plugin-ui', 'react-data-grid', 'internmap', 'delaunator', 'robust-predicates', 'ol', 'quickselect', 'geotiff', 'rbush', 'marked', '@remit', 'contract'])],
  moduleNameMapper: { ...base.moduleNameMapper, '^@remit/contract$': '<rootDir>/../contract/src/index.ts' },
};
