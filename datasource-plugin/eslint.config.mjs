import { defineConfig } from 'eslint/config';
import baseConfig from './.config/eslint.config.mjs';

export default defineConfig([
  { ignores: ['dist/', 'coverage/', '.config/', 'playwright-report/', 'test-results/', 'playwright/'] },
  ...baseConfig,
  { files: ['src/**/*.{ts,tsx}'], rules: { '@typescript-eslint/no-deprecated': 'error' } },
]);
