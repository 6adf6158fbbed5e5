import * as emotion from '@emotion/css';
import * as data from '@grafana/data';
import * as runtime from '@grafana/runtime';
import * as ui from '@grafana/ui';
import * as i18next from 'i18next';
import * as react from 'react';
import React, { useEffect, useState } from 'react';
import { createRoot } from 'react-dom/client';
import * as rxjs from 'rxjs';

// Stands for Grafana around the built plugin: gives it what Grafana gives, sends its requests to the server of this page (which does what the
// data source proxy does), and shows the editor of one query with its answer in Grafana's table. `#` holds the query as JSON.

const GIVEN: Record<string, unknown> = { '@emotion/css': emotion, '@grafana/data': data, '@grafana/runtime': runtime, '@grafana/ui': ui, i18next, react, rxjs, module: { uri: '/plugin/module.js' } };
const SETTINGS = { id: 1, uid: 'remit', name: 'Remit', type: 'remit-nhi-datasource', url: '/api/datasources/proxy/uid/remit', access: 'proxy', readOnly: false, meta: {}, jsonData: { publicUrl: 'https://remit.example' } };

runtime.setBackendSrv({
  fetch: ({ url, method = 'GET', data: body }: { url: string; method?: string; data?: unknown }) =>
    rxjs.from(
      fetch(url, { method, ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }) }).then(async (response) => {
        const text = await response.text();
        const given: unknown = text.startsWith('{') ? JSON.parse(text) : text;
        if (!response.ok) {
          throw Object.assign(new Error(response.statusText), { status: response.status, statusText: response.statusText, data: given, config: { url } });
        }
        return { data: given, status: response.status };
      })
    ),
} as never);
const templates = { replace: (text?: string) => text ?? '', getVariables: () => [], containsTemplate: () => false, updateTimeRange: () => undefined };
runtime.setTemplateSrv(templates as never);

function load(): Promise<data.DataSourcePlugin<never>> {
  return new Promise((resolve, reject) => {
    const define = (names: string[], factory: (...given: unknown[]) => unknown): void => {
      const missing = names.filter((name) => GIVEN[name] === undefined);
      missing.length > 0 ? reject(new Error(`the plugin asks for ${missing.join(', ')}`)) : Promise.resolve(factory(...names.map((name) => GIVEN[name]))).then((all) => resolve((all as { plugin: data.DataSourcePlugin<never> }).plugin), reject);
    };
    Object.assign(window, { define: Object.assign(define, { amd: {} }) });
    const script = document.createElement('script');
    script.src = '/plugin/module.js';
    script.onerror = () => reject(new Error('module.js does not load'));
    document.head.append(script);
  });
}

type Plugin = Awaited<ReturnType<typeof load>>;

function Page({ plugin, source, start, range }: { plugin: Plugin; source: data.DataSourceApi; start: { kind: string }; range: { from: number; to: number } }) {
  const [query, setQuery] = useState<never>({ refId: 'A', ...start } as never);
  const [asked, ask] = useState(0);
  const [answer, setAnswer] = useState<data.DataQueryResponse>();
  const Editor = plugin.components.QueryEditor as React.ComponentType<Record<string, unknown>>;
  useEffect(() => {
    const to = data.dateTime(range.to);
    const from = data.dateTime(range.from);
    const request = { requestId: 'Q', app: 'dashboard', interval: '1h', intervalMs: 3_600_000, range: { from, to, raw: { from, to } }, scopedVars: {}, startTime: 0, timezone: 'utc', targets: [query] };
    const subscription = (source.query(request as never) as unknown as rxjs.Observable<data.DataQueryResponse>).subscribe(setAnswer);
    return () => subscription.unsubscribe();
    // Asked again when the editor says so, as a panel does.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [asked]);
  const frames = data.applyFieldOverrides({ data: answer?.data ?? [], fieldConfig: { defaults: {}, overrides: [] }, theme: data.createTheme(), replaceVariables: (text) => text });
  return (
    <>
      <Editor datasource={source} query={query} onChange={setQuery} onRunQuery={() => ask((count) => count + 1)} data={{ series: frames }} />
      <div id="answer" data-state={answer?.state ?? ''} data-errors={JSON.stringify(answer?.errors ?? [])} data-frames={JSON.stringify(frames.map(({ name, length }) => [name, length]))}>
        {frames.map((frame, index) => (
          <div key={index} style={{ margin: 8 }}>
            <h4>{`${frame.name} (${frame.length})`}</h4>
            <ui.Table data={frame} width={1200} height={220} />
          </div>
        ))}
      </div>
    </>
  );
}

function Settings({ plugin }: { plugin: Plugin }) {
  const [options, setOptions] = useState({ ...SETTINGS, url: 'http://127.0.0.1:9847', orgId: 1, basicAuth: false, basicAuthUser: '', withCredentials: false, secureJsonFields: { readToken: true }, secureJsonData: {}, database: '', user: '', isDefault: false, version: 1 });
  const Editor = plugin.components.ConfigEditor as React.ComponentType<Record<string, unknown>>;
  return <Editor options={options} onOptionsChange={setOptions} />;
}

async function start(): Promise<void> {
  const plugin = await load();
  const asked = JSON.parse(decodeURIComponent(location.hash.slice(1)) || '{"kind":"findings"}') as { kind: string; from: number; to: number };
  const { from, to, ...query } = asked;
  const source = new (plugin.DataSourceClass as unknown as new (settings: unknown) => data.DataSourceApi)(SETTINGS);
  const theme = data.createTheme({ colors: { mode: 'light' } });
  createRoot(document.querySelector('#page')!).render(
    <data.ThemeContext.Provider value={theme}>
      <ui.PortalContainer />
      {asked.kind === 'settings' ? <Settings plugin={plugin} /> : <Page plugin={plugin} source={source} start={query} range={{ from, to }} />}
    </data.ThemeContext.Provider>
  );
  document.body.dataset.health = JSON.stringify(await source.testDatasource());
}

start().catch((error: unknown) => {
  document.body.dataset.failed = String(error);
});
