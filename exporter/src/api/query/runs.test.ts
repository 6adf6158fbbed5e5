import { expect, it } from 'vitest';
import type { NhiEvent } from '@remit/contract';
import { withoutEchoes } from './runs.ts';

const call = (uid: string, tool: string, parent?: string) =>
  ({ metadata: { uid }, tool: { name: tool }, trace: { uid: 't', span: { uid, ...(parent === undefined ? {} : { parent_uid: parent }) } } }) as unknown as NhiEvent;

it('a call that two sides tell of is one call; another tool inside it is another', () => {
  const events = [call('client', 'search'), call('server', 'search', 'client'), call('inner', 'fetch', 'server'), call('again', 'search', 'agent'), { metadata: { uid: 'plain' } } as NhiEvent];
  expect(withoutEchoes(events).map(({ metadata }) => metadata.uid)).toEqual(['client', 'inner', 'again', 'plain']);
});
