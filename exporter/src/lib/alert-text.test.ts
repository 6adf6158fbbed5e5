import { expect, it } from 'vitest';
import { FLEET, NOBODY, OVERFLOW } from '@remit/contract';
import { detailOf } from '../api/detail.ts';
import { finding } from '../api/cases/demo.ts';
import { detector } from '../detectors/shadow-identity/detector.ts';
import { toOcsf } from '../sinks/ocsf/ocsf.ts';
import { alertAnnotations, titleOf } from './alert-text.ts';

const about = (identity: string): Record<string, string> => alertAnnotations(detector, { identity, owner: NOBODY, cluster: 'test', findings: 1, base: 'http://remit' });

it('what is about the whole fleet names no identity, and does not ask to switch one off', () => {
  const { title, summary, first_action: first } = about(FLEET);
  expect([title, summary, first].join('\n')).not.toMatch(/fleet|_|switch it off|is active and/);
  expect(title).toBe(detector.fleet?.title);
  expect(first).toContain('remit learn');
});

it.each([['an identity', 'urn:nhi:k8s:prod:service_account/a/b', /^urn:nhi:k8s:prod:service_account\/a\/b is active/], ['the rest of a storm', OVERFLOW, /^More identities than/]])('what is about %s keeps the words of every finding', (_, identity, summary) => {
  expect(about(identity)).toMatchObject({ title: detector.title, summary: expect.stringMatching(summary), first_action: detector.firstAction });
});

it.each([[FLEET, detector.fleet!], ['urn:nhi:k8s:prod:service_account/a/b', detector]])('pages, queries and exports say of %s what the alert says', (identity, { title, firstAction }) => {
  const found = finding({ detector: detector.id, identity });
  const detail = detailOf(found, { reader: { previous: () => null, owner: () => null }, detector: () => detector, runbook: () => null });
  expect([detail.title, detail.guidance?.first_action, titleOf(detector, found)]).toEqual([title, firstAction, title]);
  expect(toOcsf(found, { detector, version: '0.1.0' })).toMatchObject({ finding_info: { title, analytic: { name: detector.title } }, remediation: { desc: firstAction } });
  expect(titleOf(null, found)).toBe(detector.id);
});
