import { DataSourcePlugin } from '@grafana/data';
import { initPluginTranslations } from '@grafana/i18n';
import { RemitDataSource } from './datasource';
import { ConfigEditor } from './editors/ConfigEditor';
import { QueryEditor } from './editors/QueryEditor';
import { QueryHelp } from './editors/QueryHelp';
import pluginJson from './plugin.json';
import type { RemitOptions, RemitQuery, RemitSecrets } from './types';

await initPluginTranslations(pluginJson.id);

export const plugin = new DataSourcePlugin<RemitDataSource, RemitQuery, RemitOptions, RemitSecrets>(RemitDataSource)
  .setConfigEditor(ConfigEditor)
  .setQueryEditor(QueryEditor)
  .setQueryEditorHelp(QueryHelp);
