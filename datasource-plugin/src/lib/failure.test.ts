import { Failed } from '../test/backend';
import { explainFailure } from './failure';

const MARKUP = '<html><script>alert(1)</script>Maintenance</html>';
const failed = (status: number, data: unknown): Failed & { config: object } => Object.assign(new Failed(status, data), { config: {} });

it.each<[string, unknown, Parameters<typeof explainFailure>[1], RegExp, RegExp]>([
  ['a redirection, or a proxy that asks for a password', new TypeError('Failed to fetch'), 'token', /no answer that it may read/, /a page to sign in or a proxy.*address of Remit itself/],
  ['a plain word of another service', failed(500, 'boom'), 'token', /status 500 and said: boom/, /not words of Remit.*URL/],
  ['a page of another service', failed(503, MARKUP), 'token', /^A web page came back with status 503/, /not words of Remit/],
  ['Remit that is restoring', failed(503, { error: 'restoring', hint: 'it takes a moment' }), 'token', /^restoring$/, /it takes a moment/],
  ['no token where one is asked for', failed(401, { error: 'authentication is needed', hint: 'send a token' }), 'none', /authentication/, /set to send none\. Choose "Read token"/],
  ['another password', failed(401, 'Unauthorized'), 'basic', /./, /user and password/],
  ['another token', failed(401, { error: 'authentication is needed' }), 'token', /./, /does not accept the read token/],
  ['a gateway that waited', failed(504, ''), 'token', /^Remit did not answer in time$/, /overloaded.*timeout in the settings/],
])('%s is told with its cure, and without mark-up', (_, error, went, message, hint) => {
  const said = explainFailure(error, went);
  expect(said).toMatchObject({ message: expect.stringMatching(message), hint: expect.stringMatching(hint) });
  expect(said.message).not.toContain('<');
});
