const { resolve } = require('node:path');

/** Bundles the page that stands for Grafana around the built plugin: the real React, @grafana/ui, data and runtime. */
module.exports = {
  mode: 'production',
  optimization: { minimize: false, splitChunks: false },
  devtool: false,
  context: __dirname,
  entry: './host.tsx',
  output: { path: resolve(__dirname, process.env.HARNESS_OUT ?? '../../.cache/plugin-harness'), filename: 'host.js', publicPath: '/' },
  module: {
    rules: [
      { test: /\.[tj]sx?$/, exclude: /node_modules/, use: { loader: 'swc-loader', options: { jsc: { target: 'es2022', parser: { syntax: 'typescript', tsx: true } } } } },
      { test: /\.css$/, type: 'asset/source' },
      { test: /\.(svg|png|jpe?g|gif|woff2?|ttf|eot)$/, type: 'asset/inline' },
      // As Grafana's own build takes packages: a default export of CommonJS is what it says, whoever asks.
      { test: /\.m?js$/, type: 'javascript/auto', resolve: { fullySpecified: false } },
    ],
  },
  // The code editor is large, and the plugin has none.
  resolve: { extensions: ['.tsx', '.ts', '.mjs', '.js'], alias: { 'monaco-editor': false, 'react-monaco-editor': false } },
  performance: { hints: false },
  stats: 'errors-only',
};
