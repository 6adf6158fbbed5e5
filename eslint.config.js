import ts from 'typescript-eslint';
import star from './tools/star-rule.js';

/** Parts that take time from the event or the tick, never from the clock, and leave nothing to chance. */
const PURE = ['pipeline', 'sources', 'inventory', 'baseline', 'detectors', 'score'];

/** Rules of ESLint itself that find mistakes TypeScript does not. */
const CORE = [
  'no-async-promise-executor', 'no-cond-assign', 'no-constant-binary-expression', 'no-constant-condition', 'no-control-regex', 'no-empty',
  'no-irregular-whitespace', 'no-loss-of-precision', 'no-misleading-character-class', 'no-prototype-builtins', 'no-self-assign',
  'no-self-compare', 'no-template-curly-in-string', 'no-unsafe-finally', 'no-unsafe-optional-chaining', 'no-useless-catch', 'no-useless-escape',
  'use-isnan',
];

const CLOCK = 'Pure parts take time from the event or the tick: the same entries must give the same state.';

export default ts.config(
  { ignores: ['**/node_modules/', 'datasource-plugin/', 'data/', '.cache/', '**/cases/', 'coverage/'] },
  ...ts.configs.recommended,
  {
    languageOptions: { parserOptions: { projectService: { allowDefaultProject: ['*.js'] }, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_', destructuredArrayIgnorePattern: '^_', caughtErrors: 'all' }],
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
      '@typescript-eslint/no-this-alias': 'off',
      ...Object.fromEntries(CORE.map((rule) => [rule, 'error'])),
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-console': 'off',
      'prefer-const': 'error',
      'object-shorthand': 'error',
    },
  },
  {
    files: ['**/*.ts'],
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }],
      '@typescript-eslint/await-thenable': 'error',
    },
  },
  // Grafana's variables look like templates of JavaScript.
  { files: ['dashboards/src/**/*.ts'], rules: { 'no-template-curly-in-string': 'off' } },
  { files: ['**/*.{js,mjs}'], ...ts.configs.disableTypeChecked },
  {
    files: ['exporter/src/**/*.ts', 'contract/src/**/*.ts'],
    ignores: ['**/*.test.ts', '**/made-*.ts'],
    plugins: { remit: { rules: { star } } },
    rules: { 'remit/star': 'error' },
  },
  {
    files: PURE.map((part) => `exporter/src/${part}/**/*.ts`),
    ignores: ['**/*.test.ts', 'exporter/src/pipeline/clock.ts'],
    rules: {
      'no-restricted-syntax': ['error',
        { selector: 'CallExpression[callee.object.name="Date"][callee.property.name="now"]', message: CLOCK },
        { selector: 'NewExpression[callee.name="Date"][arguments.length=0]', message: CLOCK },
        { selector: 'CallExpression[callee.object.name="Math"][callee.property.name="random"]', message: CLOCK },
      ],
    },
  },
);
