import { fireEvent, render, screen, waitFor } from '@testing-library/react';
import events from '@testing-library/user-event';
import React from 'react';
import type { DataSourceInstanceSettings, DataSourceSettings } from '@grafana/data';
import { RemitDataSource } from '../datasource';
import { KINDS } from '../lib/migrate';
import { proxy } from '../test/backend';
import { templates } from '../test/templates';
import type { RemitOptions, RemitQuery, RemitSecrets } from '../types';
import { ConfigEditor } from './ConfigEditor';
import { QueryEditor } from './QueryEditor';

const settings = { id: 1, uid: 'remit', name: 'Remit', type: 'remit-nhi-datasource', url: '/proxy', jsonData: {} } as unknown as DataSourceInstanceSettings<RemitOptions>;
const userEvent = events.setup({ delay: null, pointerEventsCheck: 0 });

it('another kind begins with its own limit and order', async () => {
  proxy(() => ({ items: [{ name: 'owner', title: 'Owner', kinds: KINDS, type: 'string', operators: ['=', '!='] }] }));
  const seen: RemitQuery[] = [];
  function Form() {
    const [query, set] = React.useState<RemitQuery>({ refId: 'A', kind: 'events', format: 'logs', limit: 5_000, order: 'oldest', step: 60_000, cursor: '1.x', filters: [{ key: 'owner', op: '=', values: ['a'] }, { key: 'tool', op: '=', values: ['b'] }] });
    const [datasource] = React.useState(() => new RemitDataSource(settings, templates({})));
    return <QueryEditor datasource={datasource} query={query} onRunQuery={() => undefined} onChange={(next) => { seen.push(next); set(next); }} />;
  }
  const { container } = render(<Form />);
  await userEvent.click(container.querySelector('#remit-A-kind')!);
  await userEvent.keyboard('Graph');
  await userEvent.keyboard('{ArrowDown}{Enter}');
  await waitFor(() => expect(seen.at(-1)?.kind).toBe('graph'));
  const { kind, filters, limit, order, step, cursor, format } = seen.at(-1)!;
  expect({ kind, filters, limit, order, step, cursor, format }).toEqual({ kind: 'graph', filters: [{ key: 'owner', op: '=', values: ['a'] }] });
  expect(container.querySelector('#remit-A-limit')).toHaveValue(null);
});

it('a limit of the settings is never more than the service gives', async () => {
  const seen: Array<DataSourceSettings<RemitOptions, RemitSecrets>> = [];
  function Form() {
    const [options, set] = React.useState({ ...settings, access: 'proxy', jsonData: { defaultLimit: 25_000 }, secureJsonFields: {}, basicAuth: false, readOnly: false, version: 1 } as unknown as DataSourceSettings<RemitOptions, RemitSecrets>);
    return <ConfigEditor options={options} onOptionsChange={(next) => { seen.push(next); set(next); }} />;
  }
  const { container } = render(<Form />);
  await userEvent.click(screen.getByRole('button', { name: /Links and limits/ }));
  const field = await waitFor(() => container.querySelector<HTMLInputElement>('#remit-limit')!);
  expect(field).toHaveValue(10_000);
  for (const [typed, stored] of [['20000', 10_000], ['500', 500], ['0', undefined], ['-3', undefined], ['', undefined]] as const) {
    fireEvent.change(field, { target: { value: typed } });
    expect([typed, seen.at(-1)?.jsonData.defaultLimit]).toEqual([typed, stored]);
  }
});
