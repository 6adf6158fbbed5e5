import { applyFieldOverrides, createTheme, FieldColorModeId, FieldType, ThresholdsMode, type DataFrame, type Field, type ScopedVars } from '@grafana/data';
import { framesOf, recorded, TO } from '../test/cases';
import { NAUGHTY } from '../test/naughty';
import { KINDS } from './migrate';
import { linksOf, linkTargets, webAddress } from './links';
import { REGISTRY } from '../queries/registry';
import type { RemitQuery } from '../types';

const FORMATS = KINDS.flatMap((kind) => REGISTRY[kind].model().formats.map(({ value }) => [kind, value] as const));

describe('every kind in every format', () => {
  it.each(FORMATS)('%s as %s keeps every value and says how each column is shown', (kind, format) => {
    const answer = recorded(kind, format);
    // The summary of an explanation is made of its other frames; its own test says how.
    const frames = framesOf(kind, format).filter(({ name }) => name !== 'summary');
    expect(frames).toHaveLength(answer.frames.length);
    frames.forEach((frame, index) => {
      const json = answer.frames[index];
      for (const field of frame.fields) {
        const at = json.schema.fields.findIndex(({ name, labels }) => name === field.name && JSON.stringify(labels) === JSON.stringify(field.labels));
        // Steps of a chain that never came are drawn as such; the test of the graph says how.
        const drawn = kind === 'graph' && (format === 'chain' ? /^(arc__\w+|mainstat|secondarystat|highlighted|strokeDasharray)$/ : frame.name === 'edges' ? /stat$/ : /^$/).test(field.name);
        if (!drawn && !['icon', 'color', 'text', 'title', 'subtitle'].includes(field.name)) {
          expect(field.values).toEqual(json.data.values[at]);
        }
        const machine = ['trace', 'logs'].includes(format) || ['graph'].includes(kind) || field.type === FieldType.time;
        if (!machine) {
          expect([field.name, field.config.displayName ?? field.config.displayNameFromDS ?? '']).not.toEqual([field.name, '']);
        }
      }
      expect(frame.refId).toBe('A');
    });
  });

  it.each(FORMATS)('%s as %s takes no link, name, colour or template from the wire', (kind, format) => {
    const frames = framesOf(kind, format, ({ frames: wire }) => {
      for (const { schema } of wire) {
        Object.assign(schema.meta, { executedQueryString: '<script>', preferredVisualisationPluginId: 'evil', stats: [], channel: 'evil', custom: { ...schema.meta.custom, __proto__: { evil: true } } });
        for (const field of schema.fields) {
          field.config = { ...field.config, displayName: '${__user.login}', links: [{ title: 'evil', url: 'javascript:alert(1)' }], actions: [{ title: 'evil' }], mappings: [{}], custom: { cellOptions: { type: 'markdown' } }, unit: 'javascript:' } as never;
        }
      }
    });
    const text = JSON.stringify(frames.map(({ fields, meta }) => [fields.map(({ config }) => config), { ...meta, custom: undefined }]));
    expect(text).not.toMatch(/evil|javascript|__user|markdown/);
  });
});

it('an empty cell is a dash without a colour, whatever the panel has to say when there is nothing at all', () => {
  const wanted: Array<[RemitQuery['kind'], string[]]> = [['identities', ['worst', 'owner', 'events', 'last']], ['findings', ['owner', 'severity', 'exception', 'closed']], ['privileges', ['granted_by', 'last_used', 'state']]];
  for (const [kind, names] of wanted) {
    const [frame] = framesOf(kind, 'table', ({ frames }) => {
      for (const name of names) {
        frames[0].data.values[frames[0].schema.fields.findIndex((field) => field.name === name)][0] = null;
      }
    });
    const thresholds = { mode: ThresholdsMode.Absolute, steps: [{ value: -Infinity, color: 'green' }] };
    const [shown] = applyFieldOverrides({ data: [frame], fieldConfig: { defaults: { noValue: 'Nobody of that name', thresholds, color: { mode: FieldColorModeId.Thresholds } }, overrides: [] }, theme: createTheme(), replaceVariables: (text) => text });
    for (const name of names) {
      const field = shown.fields.find((each) => each.name === name);
      const { text, color } = field?.display?.(field.values[0]) ?? {};
      expect([name, text]).toEqual([name, '–']);
      if (field?.config.custom?.cellOptions !== undefined) {
        expect([name, color]).toEqual([name, '#00000000']);
      }
    }
  }
});

describe('links', () => {
  const drawn = (frame: DataFrame): DataFrame =>
    applyFieldOverrides({ data: [frame], fieldConfig: { defaults: {}, overrides: [] }, theme: createTheme(), replaceVariables: replaced })[0];
  const replaced = (text: string, scoped?: ScopedVars): string =>
    text.replace(/\$\{__data\.fields\["(\w+)"\]:(percentencode|raw)\}/g, (_, name: string, format: string) => {
      const { frame, rowIndex } = scoped?.__dataContext?.value as { frame: DataFrame; rowIndex: number };
      const value = String(frame.fields.find((field) => field.name === name)?.values[rowIndex]);
      return format === 'raw' ? value : encodeURIComponent(Buffer.from(value).toString());
    });
  const hrefs = (field: Field | undefined) => (field?.getLinks?.({ valueRowIndex: 0 }) ?? []).map(({ href }) => href);

  it.each(NAUGHTY)('lead where they should whatever the value is: %j', (value) => {
    const [frame] = framesOf('findings', 'table', ({ frames }) => {
      for (const name of ['identity', 'detector', 'id']) {
        const at = frames[0].schema.fields.findIndex((field) => field.name === name);
        frames[0].data.values[at][0] = value;
      }
    });
    const shown = drawn(frame);
    for (const name of ['identity', 'detector', 'id']) {
      for (const href of hrefs(shown.fields.find((field) => field.name === name))) {
        expect(href).toMatch(/^(\/d\/remit-identity\?var-identity=|\/explore\?left=|https:\/\/remit\.example\/(runbooks|findings)\/)/);
        expect(new URL(href, 'https://grafana.example').protocol).toBe('https:');
      }
    }
    const explore = hrefs(shown.fields.find((field) => field.name === 'id'))[0];
    const left = JSON.parse(new URL(explore, 'https://grafana.example').searchParams.get('left') ?? '{}') as { queries: unknown[] };
    expect(left.queries).toEqual([expect.objectContaining({ kind: 'explain', filters: [{ key: 'id', op: '=', values: [value], literal: true }] })]);
  });

  it('are only made to addresses of the web', () => {
    for (const bad of ['javascript:alert(1)', 'data:text/html,x', 'file:///etc/passwd', '//evil.example', 'https://user:pass@remit.example', '']) {
      expect(webAddress(bad)).toBeNull();
    }
    expect(webAddress('https://remit.example/base/')).toBe('https://remit.example/base');
    expect(linksOf('detector', 'detector', { ...TO, publicUrl: null })).toEqual([]);
    expect(linkTargets({ uid: 'u', name: 'n', type: 't', jsonData: { identityDashboard: '../../evil?x=' } }).identityDashboard).toBeNull();
    expect(JSON.stringify(linksOf('identity', 'identity', { ...TO, identityDashboard: null }))).not.toContain('/d/');
  });
});
