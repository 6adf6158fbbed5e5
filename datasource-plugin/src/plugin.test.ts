import { KINDS } from './lib/migrate';
import pluginJson from './plugin.json';
import { REGISTRY } from './queries/registry';

describe('plugin.json', () => {
  it('keeps tokens in the headers of routes, each for what it opens', () => {
    for (const { path, url, headers } of pluginJson.routes) {
      expect(url).not.toMatch(/Secure/);
      expect(path).toMatch(/^[a-z]+$/);
      expect(headers).toEqual([{ name: 'Authorization', content: expect.stringMatching(/^Bearer \{\{ \.SecureJsonData\.(read|write)Token \}\}$/) }]);
    }
    const [read, write] = pluginJson.routes;
    expect(read).toMatchObject({ path: 'read', url: '{{ .URL }}/api/v1' });
    expect(write).toMatchObject({ path: 'write', url: '{{ .URL }}/api/v1/findings', method: 'POST', reqRole: 'Editor' });
    // A prefix decides which route a path takes: none may begin with another.
    expect(pluginJson.routes.every((one) => pluginJson.routes.every((other) => one === other || !other.path.startsWith(one.path)))).toBe(true);
  });

  it('does not promise what a data source of the browser cannot do', () => {
    expect(pluginJson).not.toHaveProperty('backend');
    expect(pluginJson).not.toHaveProperty('alerting');
  });
});

it('every kind has a model of its own name, formats and a sentence', () => {
  for (const kind of KINDS) {
    const model = REGISTRY[kind].model();
    expect(model.kind).toBe(kind);
    expect(model.formats.length).toBeGreaterThan(0);
    expect(model.description).toMatch(/\.$/);
    expect(new Set(model.quick.map(({ key }) => key)).size).toBe(model.quick.length);
  }
});
