import { act, fireEvent, render, screen } from '@testing-library/react';
import React from 'react';
import type { DataSourceInstanceSettings } from '@grafana/data';
import { setTemplateSrv } from '@grafana/runtime';
import * as ui from '@grafana/ui';
import { RemitDataSource } from '../datasource';
import { proxy } from '../test/backend';
import { templates } from '../test/templates';
import type { RemitOptions, RemitQuery } from '../types';
import { QueryEditor } from './QueryEditor';

const settings = { id: 1, uid: 'remit', name: 'Remit', type: 'remit-nhi-datasource', url: '/proxy', jsonData: {} } as unknown as DataSourceInstanceSettings<RemitOptions>;
const HOSTILE = 'arn:aws:s3:::hostile/$owner';

/** An editor whose query can be changed from outside, as by going back in the browser. */
function edit(start: Partial<RemitQuery>) {
  proxy(({ url }) => (url.includes('/values') ? { items: [{ value: HOSTILE, text: HOSTILE, count: 3 }], truncated: false } : new Promise(() => undefined)));
  setTemplateSrv(templates({ owner: 'SECRET' }));
  const seen: RemitQuery[] = [];
  let ran = 0;
  let put: (query: RemitQuery) => void = () => undefined;
  function Harness() {
    const [query, setQuery] = React.useState<RemitQuery>({ refId: 'A', kind: 'events', ...start });
    const [datasource] = React.useState(() => new RemitDataSource(settings, templates({ owner: 'SECRET' })));
    put = setQuery;
    return <QueryEditor datasource={datasource} query={query} onRunQuery={() => { ran += 1; }} onChange={(next) => { seen.push(next); setQuery(next); }} />;
  }
  const { container } = render(<Harness />);
  const box = (name: string): HTMLInputElement => container.querySelector<HTMLInputElement>(`#remit-A-${name}`)!;
  return { seen, box, ran: () => ran, put: (query: Partial<RemitQuery>) => act(() => put({ refId: 'A', kind: 'events', ...query })) };
}

it('boxes show the query that is asked, and are left without changing it', () => {
  const { seen, box, put } = edit({ limit: 50, filters: [{ key: 'user_agent', op: '=', values: ['agent a\nb'], literal: true }] });
  for (const name of ['limit', 'condition-values-0']) {
    fireEvent.blur(box(name));
  }
  expect(seen).toEqual([]);
  put({ limit: 5, filters: [{ key: 'user_agent', op: 'in', values: ['agent a,b', 'agent tab'] }] });
  expect([box('limit').value, box('condition-values-0').value]).toEqual(['5', '"agent a,b", agent tab']);
  for (const name of ['limit', 'condition-values-0']) {
    fireEvent.blur(box(name));
  }
  expect(seen).toEqual([]);
  fireEvent.change(box('condition-values-0'), { target: { value: `${box('condition-values-0').value}, agent x` } });
  fireEvent.blur(box('condition-values-0'));
  expect(seen.at(-1)?.filters?.[0]?.values).toEqual(['agent a,b', 'agent tab', 'agent x']);
  fireEvent.change(box('limit'), { target: { value: '20000' } });
  fireEvent.blur(box('limit'));
  expect([seen.at(-1)?.limit, box('limit').value]).toEqual([10_000, '10000']);
});

it('text shows the query that is asked after another way of changing it', () => {
  const { seen, put } = edit({ editor: 'raw', raw: '{outcome="denied"}' });
  const area = screen.getByLabelText(/Conditions/);
  fireEvent.change(area, { target: { value: '{outcome="failed"}' } });
  fireEvent.blur(area);
  expect(seen.at(-1)?.raw).toBe('{outcome="failed"}');
  put({ editor: 'raw', raw: '{outcome="denied"}' });
  expect(area).toHaveValue('{outcome="denied"}');
  fireEvent.blur(area);
  expect(seen).toHaveLength(1);
});

/** The properties with which the menus of an editor were last drawn, by their ids. */
function menus(component: 'Combobox' | 'MultiCombobox') {
  const drawn = new Map<string, { options: unknown; onChange: (chosen: unknown) => void }>();
  jest.spyOn(ui, component).mockImplementation(((props: never) => { drawn.set((props as { id: string }).id, props); return null; }) as never);
  return drawn;
}

it('a menu that says the same choice again, with the handler of before, changes and asks once', () => {
  const drawn = menus('Combobox');
  const { seen, ran } = edit({});
  const { onChange } = drawn.get('remit-A-kind')!;
  for (let times = 0; times < 5; times++) {
    act(() => onChange({ value: 'chain', label: 'Chain' }));
  }
  expect([seen.map(({ kind }) => kind), ran()]).toEqual([['chain'], 1]);
  act(() => drawn.get('remit-A-kind')!.onChange({ value: 'events', label: 'Events' }));
  expect(seen.map(({ kind }) => kind)).toEqual(['chain', 'events']);
  jest.restoreAllMocks();
});

it('a value that is chosen from what Remit has is literal, a variable beside it is none', async () => {
  const drawn = menus('MultiCombobox');
  const { seen } = edit({});
  const offered = await (drawn.get('remit-A-resource')!.options as (contains: string) => Promise<Array<{ value: string }>>)('');
  const [variable, value] = [offered.find((option) => option.value === '$owner'), offered.find((option) => option.value === HOSTILE)];
  act(() => drawn.get('remit-A-resource')!.onChange([value]));
  expect(seen.at(-1)?.filters).toEqual([{ key: 'resource', op: '=', values: [HOSTILE], literal: true }]);
  act(() => drawn.get('remit-A-resource')!.onChange([{ value: HOSTILE, label: HOSTILE }, variable]));
  expect(seen.at(-1)?.filters).toEqual([{ key: 'resource', op: '=', values: [HOSTILE, '$owner'], literal: [HOSTILE] }]);
  act(() => drawn.get('remit-A-resource')!.onChange([variable]));
  expect(seen.at(-1)?.filters).toEqual([{ key: 'resource', op: '=', values: ['$owner'] }]);
  jest.restoreAllMocks();
});
