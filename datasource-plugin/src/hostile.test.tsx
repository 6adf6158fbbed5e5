import { render } from '@testing-library/react';
import React from 'react';
import { firstValueFrom, of } from 'rxjs';
import { dateTime, type DataFrame, type DataQueryRequest, type DataSourceInstanceSettings } from '@grafana/data';
import { RemitDataSource } from './datasource';
import { annotations } from './features/annotations';
import { VariableSupport } from './features/variables';
import { QueryEditor } from './editors/QueryEditor';
import { findingActions } from './lib/actions';
import { KINDS } from './lib/migrate';
import { REGISTRY } from './queries/registry';
import { proxy } from './test/backend';
import { framesOf, recorded } from './test/cases';
import { NAUGHTY } from './test/naughty';
import { templates } from './test/templates';
import type { RemitOptions, VariableQuery } from './types';

const settings = { id: 1, uid: 'remit', name: 'Remit', type: 'remit-nhi-datasource', url: '/proxy', jsonData: {} } as unknown as DataSourceInstanceSettings<RemitOptions>;
const FORMATS = KINDS.flatMap((kind) => REGISTRY[kind].model().formats.map(({ value }) => [kind, value] as const));
const range = { from: dateTime(0), to: dateTime(1_000_000), raw: { from: dateTime(0), to: dateTime(1_000_000) } };

/** Every text of an answer replaced by naughty ones, in turn. */
function poisoned(kind: (typeof FORMATS)[number][0], format: string, from: number): DataFrame[] {
  let next = from;
  return framesOf(kind, format, ({ frames }) => {
    for (const { schema, data } of frames) {
      schema.fields.forEach(({ type }, column) => {
        if (type === 'string') {
          data.values[column] = (data.values[column] ?? []).map((value) => (value === null ? null : NAUGHTY[next++ % NAUGHTY.length]));
        }
      });
    }
  });
}

describe('whatever an answer holds', () => {
  it.each(FORMATS)('%s as %s says it as it is, and nothing of it is in how it is shown', (kind, format) => {
    const clean = JSON.stringify(framesOf(kind, format).map(({ fields }) => fields.map(({ name, config }) => [name, config])));
    for (let from = 0; from < NAUGHTY.length; from += 97) {
      const frames = poisoned(kind, format, from);
      const names = new Set(frames.flatMap(({ fields }) => fields.map(({ name }) => name)));
      expect(names.size).toBeGreaterThan(0);
      // Titles, units, colours, mappings, links and actions are the same as those of a harmless answer.
      expect(JSON.stringify(frames.map(({ fields }) => fields.map(({ name, config }) => [name, config])))).toBe(clean);
    }
  });

  it('an annotation is text: no mark-up of it is left', async () => {
    for (const value of NAUGHTY) {
      const frames = framesOf('findings', 'annotations', ({ frames: wire }) => {
        for (const name of ['title', 'text']) {
          const at = wire[0].schema.fields.findIndex((field) => field.name === name);
          wire[0].data.values[at] = (wire[0].data.values[at] ?? []).map(() => value);
        }
      });
      const events = await firstValueFrom(annotations.processEvents?.({} as never, frames) ?? of([]));
      for (const { title, text } of events ?? []) {
        const shown = document.createElement('div');
        shown.innerHTML = `${title} ${text}`;
        expect([value, shown.children.length]).toEqual([value, 0]);
      }
    }
  });

  it('a chain in the trace view keeps the names that the view reads', () => {
    for (let from = 0; from < NAUGHTY.length; from += 97) {
      expect(poisoned('chain', 'trace', from)[0].fields.map(({ name }) => name)).toEqual(recorded('chain', 'trace').frames[0].schema.fields.map(({ name }) => name));
    }
  });
});

describe('whatever a label holds', () => {
  it('is a value of a variable, as it is', async () => {
    proxy(() => ({ items: NAUGHTY.map((value) => ({ value, text: value, count: 1 })), truncated: false }));
    const support = new VariableSupport(new RemitDataSource(settings, templates({})));
    const { data } = await firstValueFrom(support.query({ targets: [{ refId: 'A', label: 'identity' }], range, scopedVars: {} } as unknown as DataQueryRequest<VariableQuery>));
    expect(data.map(({ value }) => value)).toEqual(NAUGHTY);
  });

  it('is a value of an ad hoc filter, as it is', async () => {
    proxy(() => ({ items: NAUGHTY.map((value) => ({ value, text: value, count: 1 })), truncated: false }));
    const values = await new RemitDataSource(settings, templates({})).getTagValues({ key: 'identity', filters: [] });
    expect(values.map(({ value }) => value)).toEqual(NAUGHTY);
  });

  it('is text in the editor', () => {
    proxy(() => ({ items: [], truncated: false }));
    const source = new RemitDataSource(settings, templates({}));
    const filters = NAUGHTY.slice(0, 180).map((value) => ({ key: 'tool', op: '!=' as const, values: [value], literal: true }));
    const { container } = render(<QueryEditor datasource={source} query={{ refId: 'A', kind: 'findings', filters }} onChange={() => undefined} onRunQuery={() => undefined} />);
    expect(container.querySelectorAll('script, img, iframe, object, embed, link, style, base, meta')).toHaveLength(0);
    expect((window as { owned?: unknown }).owned).toBeUndefined();
  });
});

it('the name of a user never becomes part of what an action says, nor a template', () => {
  for (const user of NAUGHTY) {
    for (const { fetch } of findingActions({ proxy: 'https://grafana.example/proxy', user }, 'id')) {
      const body = JSON.parse(fetch?.body ?? '') as { state: string; claimed_user?: string };
      expect(Object.keys(body).sort()).toEqual(/[$[]/.test(user) ? ['state'] : ['claimed_user', 'state']);
      expect(/[$[]/.test(fetch?.body ?? '')).toBe(false);
      expect(fetch?.url).toBe('https://grafana.example/proxy/write/${__data.fields["id"]:percentencode}/verdict');
    }
  }
});
