import { render, screen, waitFor } from '@testing-library/react';
import events from '@testing-library/user-event';
import React from 'react';
import { PluginType, type DataSourceInstanceSettings, type DataSourceSettings } from '@grafana/data';
import { RemitDataSource } from '../datasource';
import { KINDS } from '../lib/migrate';
import { REGISTRY } from '../queries/registry';
import { proxy, type Asked } from '../test/backend';
import { templates } from '../test/templates';
import type { RemitOptions, RemitQuery, RemitSecrets } from '../types';
import { ConfigEditor } from './ConfigEditor';
import { QueryEditor } from './QueryEditor';
import { QueryHelp } from './QueryHelp';

const settings = { id: 1, uid: 'remit', name: 'Remit', type: 'remit-nhi-datasource', url: '/proxy', jsonData: {} } as unknown as DataSourceInstanceSettings<RemitOptions>;
const answer = ({ url }: Asked) => (url.includes('/values') ? { items: [{ value: '<img src=x onerror=alert(1)>', text: '<img src=x onerror=alert(1)>', count: 3 }], truncated: false } : { items: [{ name: 'owner', title: 'Owner', kinds: KINDS, type: 'string', operators: ['=', '!='] }] });

function Harness({ start, seen, data }: { start: RemitQuery; seen: RemitQuery[]; data?: never }) {
  const [query, setQuery] = React.useState(start);
  const [datasource] = React.useState(() => new RemitDataSource(settings, templates({ team: 'a' })));
  return <QueryEditor datasource={datasource} query={query} data={data} onRunQuery={() => undefined} onChange={(next) => { seen.push(next); setQuery(next); }} />;
}

const userEvent = events.setup({ delay: null, pointerEventsCheck: 0 });

describe('query editor', () => {
  it.each(KINDS)('of %s names every field for a screen reader', async (kind) => {
    proxy(answer);
    const { container } = render(<Harness start={{ refId: 'A', kind }} seen={[]} />);
    for (const { label } of REGISTRY[kind].model().quick) {
      expect((await screen.findAllByLabelText(label)).length).toBeGreaterThan(0);
    }
    for (const input of container.querySelectorAll('input, textarea')) {
      expect([input.outerHTML.slice(0, 200), accessibleName(input)]).not.toEqual([input.outerHTML.slice(0, 200), '']);
    }
  });

  it('turns fields into text and text into fields', async () => {
    proxy(answer);
    const seen: RemitQuery[] = [];
    render(<Harness start={{ refId: 'A', kind: 'findings', filters: [{ key: 'severity', op: '=', values: ['critical'] }] }} seen={seen} />);
    await userEvent.click(screen.getByLabelText('Text'));
    const area = await screen.findByLabelText(/Conditions/);
    expect(area).toHaveValue('{severity="critical"}');
    await userEvent.clear(area);
    await userEvent.type(area, '{{owner=~"pay.*"');
    expect(await screen.findByText(/Column 16: a comma or } is missing here/)).toBeInTheDocument();
    await userEvent.type(area, '}');
    await userEvent.click(screen.getByLabelText('Builder'));
    await waitFor(() => expect(seen.at(-1)).toMatchObject({ editor: 'builder', filters: [{ key: 'owner', op: '=~', values: ['pay.*'] }] }));
  });

  it('shows what others wrote as text, never as markup', async () => {
    proxy(answer);
    const { container } = render(<Harness start={{ refId: 'A', kind: 'findings', filters: [{ key: 'identity', op: '=', values: ['<img src=x onerror=alert(1)>'] }, { key: '<b>', op: '!=', values: ['<script>alert(1)</script>'] }] }} seen={[]} />);
    expect(await screen.findByText('<img src=x onerror=alert(1)>')).toBeInTheDocument();
    expect(container.querySelectorAll('img, script')).toHaveLength(0);
  });

  it('says what a data source in the browser cannot do', async () => {
    proxy(answer);
    render(<Harness start={{ refId: 'A', kind: 'findings' }} seen={[]} />);
    expect(await screen.findByText(/not for Grafana-managed rules, server-side expressions, public dashboards, recorded queries or \/api\/ds\/query/)).toBeInTheDocument();
  });
});

describe('verdicts', () => {
  it('are said after asking again, with a note and the claimed user', async () => {
    const asked = proxy((each) => (each.url.includes('verdict') ? {} : answer(each)));
    const id = '4f0e6d2a9b1c3857d6e2f1a0b9c8d7e6';
    render(<Harness start={{ refId: 'A', kind: 'explain', filters: [{ key: 'id', op: '=', values: [id] }] }} seen={[]} />);
    await userEvent.type(await screen.findByLabelText('Note'), 'known migration');
    await userEvent.click(screen.getByRole('button', { name: 'Confirm benign' }));
    expect(asked.some(({ url }) => url.includes('verdict'))).toBe(false);
    await userEvent.click((await screen.findAllByRole('button', { name: 'Confirm benign' })).at(-1)!);
    await waitFor(() => expect(asked.find(({ url }) => url.includes('verdict'))).toMatchObject({ url: `/proxy/write/${id}/verdict`, data: { state: 'benign', note: 'known migration' } }));
    expect(await screen.findByText(/Said: Confirm benign/)).toBeInTheDocument();
  });
});

describe('settings', () => {
  it('keep tokens in secureJsonData and nowhere else', async () => {
    const seen: Array<DataSourceSettings<RemitOptions, RemitSecrets>> = [];
    function Form() {
      const [options, set] = React.useState({ ...settings, access: 'proxy', orgId: 1, typeLogoUrl: '', typeName: 'Remit', database: '', user: '', basicAuth: false, basicAuthUser: '', isDefault: false, readOnly: false, withCredentials: false, secureJsonFields: { writeToken: true }, version: 1, accessControl: {} } as unknown as DataSourceSettings<RemitOptions, RemitSecrets>);
      return <ConfigEditor options={options} onOptionsChange={(next) => { seen.push(next); set(next); }} />;
    }
    render(<Form />);
    await userEvent.type(screen.getByLabelText('Read token'), ' secret ');
    const last = seen.at(-1)!;
    expect(last.secureJsonData).toMatchObject({ readToken: 'secret' });
    expect(JSON.stringify({ ...last, secureJsonData: undefined })).not.toContain('secret ');
    expect(JSON.stringify(last.jsonData)).not.toContain('secret');
  });
});

it('help offers queries that can be asked', async () => {
  const clicked: unknown[] = [];
  render(<QueryHelp datasource={undefined as never} query={{ refId: 'A', kind: 'findings' }} onClickExample={(query) => clicked.push(query)} />);
  for (const button of screen.getAllByRole('button')) {
    await userEvent.click(button);
  }
  expect(clicked).toHaveLength(6);
  expect(screen.getByText(/Grafana-managed alert rules/)).toBeInTheDocument();
  expect(PluginType.datasource).toBe('datasource');
});

function accessibleName(input: Element): string {
  const labelled = input.getAttribute('aria-label') ?? input.getAttribute('aria-labelledby') ?? '';
  const own = input.closest('label') ?? (input.id ? document.querySelector(`label[for="${CSS.escape(input.id)}"]`) : null);
  return labelled || (own?.textContent ?? '');
}
