import { fireEvent, render, screen, waitFor } from '@testing-library/react';
import events from '@testing-library/user-event';
import React from 'react';
import { PluginType, type DataSourceInstanceSettings, type DataSourceSettings } from '@grafana/data';
import { RemitDataSource } from '../datasource';
import { KINDS } from '../lib/migrate';
import { REGISTRY } from '../queries/registry';
import { Failed, proxy, type Asked } from '../test/backend';
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

  it('asks before it goes back to fields that cannot say what the text says', async () => {
    proxy(answer);
    const seen: RemitQuery[] = [];
    render(<Harness start={{ refId: 'A', kind: 'findings', editor: 'raw', raw: '{owner=~"pay', filters: [{ key: 'severity', op: '=', values: ['critical'] }] }} seen={seen} />);
    await userEvent.click(screen.getByLabelText('Builder'));
    expect(await screen.findByText(/^Column \d+: .* The builder would go back/)).toBeInTheDocument();
    await userEvent.click(screen.getByText('Keep the text'));
    expect(seen).toEqual([]);
    await userEvent.click(screen.getByLabelText('Builder'));
    await userEvent.click(await screen.findByText('Discard the text'));
    expect(seen.at(-1)).toMatchObject({ editor: 'builder', filters: [{ key: 'severity', op: '=', values: ['critical'] }] });
  });

  it('shows what others wrote as text, never as markup', async () => {
    proxy(answer);
    const { container } = render(<Harness start={{ refId: 'A', kind: 'findings', filters: [{ key: 'identity', op: '=', values: ['<img src=x onerror=alert(1)>'] }, { key: '<b>', op: '!=', values: ['<script>alert(1)</script>'] }] }} seen={[]} />);
    expect(await screen.findByText('<img src=x onerror=alert(1)>')).toBeInTheDocument();
    expect(container.querySelectorAll('img, script')).toHaveLength(0);
  });

  it('keeps a further condition on a label that has a field of its own until it has a value', async () => {
    proxy(answer);
    const seen: RemitQuery[] = [];
    const { container } = render(<Harness start={{ refId: 'A', kind: 'findings', filters: [] }} seen={seen} />);
    await userEvent.click(screen.getByRole('button', { name: 'Condition' }));
    await userEvent.type(container.querySelector('#remit-A-condition-key-0')!, 'severity{Enter}');
    await waitFor(() => expect(seen.at(-1)?.filters).toEqual([{ key: 'severity', op: '=', values: [] }]));
    expect(container.querySelectorAll('[id^="remit-A-condition-key-"]')).toHaveLength(1);
    await userEvent.type(container.querySelector('#remit-A-condition-values-0')!, 'critical{Enter}');
    await waitFor(() => expect(container.querySelectorAll('[id^="remit-A-condition-key-"]')).toHaveLength(0));
    expect(seen.at(-1)?.filters).toEqual([{ key: 'severity', op: '=', values: ['critical'] }]);
  });

  it('keeps a second condition on such a label, and several values apart when the comparison changes', async () => {
    proxy(answer);
    const filters: RemitQuery['filters'] = [{ key: 'severity', op: '=', values: ['critical'] }, { key: 'severity', op: '=', values: ['info'] }, { key: 'environment', op: '=', values: ['a', 'b'] }];
    const { container } = render(<Harness start={{ refId: 'A', kind: 'findings', filters }} seen={[]} />);
    expect(await screen.findByText('critical', { exact: false })).toBeInTheDocument();
    expect([...container.querySelectorAll<HTMLInputElement>('[id^="remit-A-condition-values-"]')].map(({ value }) => value)).toEqual(['info', 'a, b']);
  });

  it('gives menus the same options with every render', async () => {
    const { Conditions } = jest.requireActual<typeof import('./Conditions')>('./Conditions');
    const given: unknown[] = [];
    const combobox = jest.spyOn(jest.requireActual<typeof import('@grafana/ui')>('@grafana/ui'), 'Combobox').mockImplementation(((props: { options: unknown }) => { given.push(props.options); return null; }) as never);
    const props = { filters: [{ key: 'owner', op: '=' as const, values: [] }], labels: [{ name: 'owner', title: 'Owner', kinds: KINDS, type: 'string' as const, operators: ['=' as const] }], onChange: () => undefined, idPrefix: 'x' };
    const { rerender } = render(<Conditions {...props} />);
    rerender(<Conditions {...props} filters={[...props.filters]} />);
    expect(given).toHaveLength(4);
    expect([given[2] === given[0], given[3] === given[1]]).toEqual([true, true]);
    combobox.mockRestore();
  });

  it('keeps a clicked value literal when its field is edited', async () => {
    proxy(answer);
    const seen: RemitQuery[] = [];
    render(<Harness start={{ refId: 'A', kind: 'findings', filters: [{ key: 'identity', op: '=', values: ['gone', 'a$team'], literal: true }] }} seen={seen} />);
    await userEvent.click(await screen.findByRole('button', { name: /Remove gone/ }));
    await waitFor(() => expect(seen.at(-1)?.filters).toEqual([{ key: 'identity', op: '=', values: ['a$team'], literal: true }]));
  });

  it('takes another comparison', async () => {
    proxy(answer);
    const seen: RemitQuery[] = [];
    const { container } = render(<Harness start={{ refId: 'A', kind: 'findings', filters: [{ key: 'owner', op: '=~', values: ['x'] }] }} seen={seen} />);
    await userEvent.click(container.querySelector('#remit-A-condition-op-0')!);
    await userEvent.keyboard('{ArrowDown}{ArrowDown}{Enter}');
    await waitFor(() => expect(seen.at(-1)?.filters).toEqual([{ key: 'owner', op: '!=', values: ['x'] }]));
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

it('a refused word on a finding names the write token', async () => {
  proxy((each) => (each.url.includes('verdict') ? new Failed(400, 'Authentication to data source failed') : answer(each)));
  render(<Harness start={{ refId: 'A', kind: 'explain', filters: [{ key: 'id', op: '=', values: ['4f0e6d2a9b1c3857d6e2f1a0b9c8d7e6'] }] }} seen={[]} />);
  await userEvent.click(await screen.findByRole('button', { name: 'Acknowledge' }));
  await userEvent.click((await screen.findAllByRole('button', { name: 'Acknowledge' })).at(-1)!);
  expect(await screen.findByText(/does not accept the write token/)).toBeInTheDocument();
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
    await userEvent.type(screen.getByPlaceholderText('http://127.0.0.1:9847'), 'x');
    expect(seen.at(-1)?.url).toBe('/proxyx');
    fireEvent.change(screen.getByPlaceholderText('http://127.0.0.1:9847'), { target: { value: 'https://remit.example:9847/' } });
    expect(seen.at(-1)?.url).toBe('https://remit.example:9847');
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
  const labelled = input.getAttribute('aria-label') ?? document.getElementById(input.getAttribute('aria-labelledby') ?? '')?.textContent ?? '';
  const own = input.closest('label') ?? (input.id ? document.querySelector(`label[for="${CSS.escape(input.id)}"]`) : null);
  return labelled || (own?.textContent ?? '');
}
