import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { start, type Running } from '../real/server.ts';

/** Where the other parts of the stack answer, and what Grafana needs of this checkout. */
export interface GrafanaOptions { home: string; port: number; folder: string; root: string; prometheus: string; alertmanager: string; remit: string; writeToken: string }

/** Grafana 12.3 or later from an unpacked release, with the plugin of this checkout, data sources and dashboards, on loopback; it asks nobody outside. */
export async function startGrafana({ home, port, folder, root, ...to }: GrafanaOptions): Promise<Running> {
  const program = ['bin/grafana', 'bin/grafana-server'].map((name) => join(home, name)).find(existsSync);
  if (program === undefined) throw new Error(`${home} holds no bin/grafana: name the folder of an unpacked Grafana release, 12.3 or later`);
  const plugin = join(root, 'datasource-plugin/dist');
  if (!existsSync(join(plugin, 'module.js'))) {
    const built = spawnSync('npm', ['run', 'build', '--workspace=datasource-plugin', '--silent'], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
    if (built.status !== 0) throw new Error('the data source plugin cannot be built: npm run build --workspace=datasource-plugin says why');
  }
  for (const name of ['plugins', 'provisioning/datasources', 'provisioning/dashboards', 'provisioning/plugins', 'provisioning/alerting']) mkdirSync(join(folder, name), { recursive: true });
  rmSync(join(folder, 'plugins/remit-nhi-datasource'), { force: true });
  symlinkSync(plugin, join(folder, 'plugins/remit-nhi-datasource'));
  writeFileSync(join(folder, 'provisioning/datasources/remit.yml'), JSON.stringify({
    apiVersion: 1,
    datasources: [
      { name: 'Prometheus', uid: 'prometheus', type: 'prometheus', access: 'proxy', isDefault: true, url: to.prometheus, jsonData: { timeInterval: '10s', manageAlerts: true, alertmanagerUid: 'alertmanager' } },
      { name: 'Alertmanager', uid: 'alertmanager', type: 'alertmanager', access: 'proxy', url: to.alertmanager, jsonData: { implementation: 'prometheus' } },
      { name: 'Remit', uid: 'remit', type: 'remit-nhi-datasource', access: 'proxy', url: to.remit, jsonData: { publicUrl: to.remit }, secureJsonData: { writeToken: to.writeToken } },
    ],
  }));
  // Their links lead to where this Remit answers.
  mkdirSync(join(folder, 'dashboards'), { recursive: true });
  for (const name of readdirSync(join(root, 'dashboards/out'))) {
    writeFileSync(join(folder, 'dashboards', name), readFileSync(join(root, 'dashboards/out', name), 'utf8').replaceAll('http://127.0.0.1:9847', to.remit));
  }
  writeFileSync(join(folder, 'provisioning/dashboards/remit.yml'), JSON.stringify({
    apiVersion: 1, providers: [{ name: 'remit', folder: 'Remit', type: 'file', disableDeletion: true, options: { path: join(folder, 'dashboards') } }],
  }));
  writeFileSync(join(folder, 'grafana.ini'), `[paths]
data = ${folder}/data
logs = ${folder}/logs
plugins = ${folder}/plugins
provisioning = ${folder}/provisioning
[server]
http_addr = 127.0.0.1
http_port = ${port}
[auth.anonymous]
enabled = true
org_role = Editor
[analytics]
enabled = false
reporting_enabled = false
check_for_updates = false
check_for_plugin_updates = false
[plugins]
allow_loading_unsigned_plugins = remit-nhi-datasource
preinstall_disabled = true
public_key_retrieval_disabled = true
[security]
disable_gravatar = true
[news]
news_feed_enabled = false
[dashboards]
default_home_dashboard_path = ${join(folder, 'dashboards/remit-fleet.json')}
`);
  return start(program, ['server', '--homepath', home, '--config', join(folder, 'grafana.ini')], { cwd: home, port, ready: '/api/health', within: 180_000 });
}
