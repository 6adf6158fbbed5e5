import React from 'react';
import type { DataSourcePluginOptionsEditorProps } from '@grafana/data';
import { AdvancedHttpSettings, Auth, AuthMethod, ConfigSection, ConnectionSettings, convertLegacyAuthProps, DataSourceDescription } from '@grafana/plugin-ui';
import { Alert, Divider, Field, Input, SecretInput, Stack, Switch } from '@grafana/ui';
import { t } from '@grafana/i18n';
import { LIMIT_MOST, limitOf } from '../lib/limit';
import { webAddress } from '../lib/links';
import type { ReadAuth, RemitOptions, RemitSecrets } from '../types';

type Props = DataSourcePluginOptionsEditorProps<RemitOptions, RemitSecrets>;

const TOKEN = 'custom-remit-token';

/** Settings: where Remit is, how readers and writers are authenticated, TLS, and where links lead. */
export function ConfigEditor({ options, onOptionsChange }: Props) {
  const { jsonData } = options;
  const set = (change: Partial<RemitOptions>) => onOptionsChange({ ...options, jsonData: { ...jsonData, ...change } });
  const auth = convertLegacyAuthProps({ config: options, onChange: onOptionsChange });
  const readAuth = jsonData.readAuth ?? 'token';
  return (
    <>
      <DataSourceDescription dataSourceName="Remit" docsLink="/plugins/remit-nhi-datasource" hasRequiredFields />
      <Divider />
      <ConnectionSettings config={options} onChange={(next) => onOptionsChange({ ...next, url: next.url.replace(/^(https?:\/\/[^/]+)\/+$/, '$1') })} urlLabel={t('config.url', 'URL')} urlPlaceholder="http://127.0.0.1:9847" urlTooltip={t('config.url-tip', 'Address of Remit as seen from the Grafana server, without a path.')} />
      {options.url !== '' && webAddress(options.url) === null && <Alert severity="warning" title={t('config.url-bad', 'This is no http or https address')} />}
      <Divider />
      <Auth
        {...auth}
        // A token in such a header would go along with every path of the proxy, whoever asks.
        customHeaders={undefined}
        visibleMethods={[TOKEN, AuthMethod.BasicAuth, AuthMethod.NoAuth]}
        mostCommonMethod={TOKEN}
        selectedMethod={readAuth === 'token' ? TOKEN : readAuth === 'basic' ? AuthMethod.BasicAuth : AuthMethod.NoAuth}
        onAuthMethodSelect={(method) => {
          const next: ReadAuth = method === TOKEN ? 'token' : method === AuthMethod.BasicAuth ? 'basic' : 'none';
          onOptionsChange({ ...options, basicAuth: next === 'basic', withCredentials: false, jsonData: { ...jsonData, readAuth: next, oauthPassThru: false } as RemitOptions });
        }}
        customMethods={[{ id: TOKEN, label: t('config.token', 'Read token'), description: t('config.token-tip', 'The token of auth.read in the configuration of Remit'), component: <Token name="readToken" label={t('config.token', 'Read token')} options={options} onOptionsChange={onOptionsChange} /> }]}
      />
      <Divider />
      <ConfigSection title={t('config.write', 'Verdicts')} description={t('config.write-tip', 'With a write token, editors may acknowledge findings and confirm them as benign or bad. Remit records the name of the token; the name of the user is recorded as claimed.')} isCollapsible isInitiallyOpen={Boolean(options.secureJsonFields?.writeToken)}>
        <Token name="writeToken" label={t('config.write-token', 'Write token')} options={options} onOptionsChange={onOptionsChange} />
        <Field label={t('config.actions', 'Show the buttons')}>
          <Switch id="remit-actions" value={jsonData.actions !== false} onChange={(event) => set({ actions: event.currentTarget.checked })} />
        </Field>
        <Field label={t('config.table-actions', 'Show them in tables too')} description={t('config.table-actions-tip', 'Grafana refuses such actions unless actions_allow_post_url, in the security section of its configuration, has /api/datasources/proxy/uid/*/write/*/verdict')}>
          <Switch id="remit-table-actions" value={jsonData.tableActions === true} onChange={(event) => set({ tableActions: event.currentTarget.checked })} />
        </Field>
      </ConfigSection>
      <Divider />
      <ConfigSection title={t('config.links', 'Links and limits')} isCollapsible isInitiallyOpen={false}>
        <Field label={t('config.public', 'Address of Remit for people')} description={t('config.public-tip', 'Runbooks and findings are linked there. Empty: no such links.')} invalid={Boolean(jsonData.publicUrl) && webAddress(jsonData.publicUrl) === null} error={t('config.public-bad', 'An http or https address without a user, for example https://remit.example')}>
          <Input id="remit-public-url" width={40} value={jsonData.publicUrl ?? ''} placeholder="https://remit.example" onChange={(event) => set({ publicUrl: event.currentTarget.value })} />
        </Field>
        <Field label={t('config.dashboard', 'Dashboard of one identity')} description={t('config.dashboard-tip', 'Its uid. Identities are linked there, with the variable identity. Empty: the one of Remit, or the one that comes with this plugin (tab Dashboards), whichever is there.')}>
          <Input id="remit-dashboard" width={40} value={jsonData.identityDashboard ?? ''} placeholder={t('config.dashboard-auto', 'found by itself')} onChange={(event) => set({ identityDashboard: event.currentTarget.value })} />
        </Field>
        <Field label={t('config.limit', 'Limit when a query names none')} description={t('config.limit-tip', 'From 1 to 10000. Empty: as Remit decides for each kind of query.')}>
          <Input id="remit-limit" type="number" min={1} max={LIMIT_MOST} width={20} value={limitOf(jsonData.defaultLimit) ?? ''} onChange={(event) => set({ defaultLimit: limitOf(event.currentTarget.value) })} />
        </Field>
        <AdvancedHttpSettings config={options} onChange={onOptionsChange} />
      </ConfigSection>
    </>
  );
}

function Token({ name, label, options, onOptionsChange }: Props & { name: keyof RemitSecrets; label: string }) {
  const put = (value: string, configured: boolean) =>
    onOptionsChange({ ...options, secureJsonFields: { ...options.secureJsonFields, [name]: configured }, secureJsonData: { ...options.secureJsonData, [name]: value } });
  return (
    <Stack direction="column">
      <Field label={label} htmlFor={`remit-${name}`} noMargin>
        <SecretInput id={`remit-${name}`} aria-label={label} width={40} isConfigured={Boolean(options.secureJsonFields?.[name])} value={options.secureJsonData?.[name] ?? ''} onReset={() => put('', false)} onChange={(event) => put(event.currentTarget.value.trim(), Boolean(options.secureJsonFields?.[name]))} />
      </Field>
    </Stack>
  );
}
