import { linkTargets } from '../lib/links';
import { variableQuery } from './variables';
import { defaultLinks, defaultVariables } from './defaults';

it('gives a dashboard the owner, the identities of the owner, and filters', () => {
  const [owner, identity, filters] = defaultVariables({ uid: 'remit', type: 'remit-nhi-datasource' });
  expect([owner?.spec.name, identity?.spec.name, filters?.kind]).toEqual(['owner', 'identity', 'AdhocVariable']);
  const { spec } = identity?.spec.query as { spec: unknown };
  expect(variableQuery(spec)).toMatchObject({ label: 'identity', filters: [{ key: 'owner', op: '=', values: ['$owner'] }] });
});

it('links to the other dashboards, and to Remit only where people can reach it', () => {
  const to = (publicUrl?: string) => linkTargets({ uid: 'remit', name: 'Remit', type: 't', jsonData: { publicUrl } });
  expect(defaultLinks(to()).map(({ type, tags }) => [type, tags])).toEqual([['dashboards', ['remit']]]);
  expect(defaultLinks(to('https://remit.example')).map(({ url }) => url)).toEqual(['', 'https://remit.example/']);
  expect(defaultLinks(to('javascript:alert(1)'))).toHaveLength(1);
});
