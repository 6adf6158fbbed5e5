import { expect, test } from 'vitest';
import { checkListen, isLoopback, parseListen } from './listen-address.ts';

test.each([
  ['127.0.0.1:9847', { host: '127.0.0.1', port: 9847, loopback: true }], ['[::1]:9847', { host: '::1', port: 9847, loopback: true }], ['localhost:0', { host: 'localhost', port: 0, loopback: true }],
  [':9847', { host: '', port: 9847, loopback: false }], ['0.0.0.0:80', { host: '0.0.0.0', port: 80, loopback: false }], ['[::]:80', { host: '::', port: 80, loopback: false }],
  ['remit.internal:9847', { host: 'remit.internal', port: 9847, loopback: false }],
])('%s', (address, expected) => expect(parseListen(address)).toEqual(expected));

test.each(['9847', '127.0.0.1', '127.0.0.1:70000', '::1:9847', '[127.0.0.1]:1', 'a b:1', '', 'http://x:1'])('%j is no address, and the hint shows one', (address) => {
  expect(parseListen(address)).toMatchObject({ message: expect.stringContaining('is no listen address') as string, hint: expect.stringContaining('127.0.0.1:9847') as string });
});

test.each([
  ['127.0.0.1', true], ['127.255.0.9', true], ['[::1]', true], ['::ffff:127.0.0.1', true], ['LOCALHOST', true],
  ['128.0.0.1', false], ['0.0.0.0', false], ['::', false], ['127.0.0.1.evil.example', false], ['localhost.evil.example', false], ['', false],
])('%s is loopback: %s', (host, expected) => expect(isLoopback(host)).toBe(expected));

test('a public address needs TLS and authentication; the refusal says what is missing', () => {
  expect(checkListen('0.0.0.0:9847', { tls: true, auth: true })).toMatchObject({ host: '0.0.0.0' });
  expect(checkListen('127.0.0.1:9847', { tls: false, auth: false })).toMatchObject({ loopback: true });
  expect(checkListen(':9847', { tls: false, auth: true })).toMatchObject({ message: expect.stringMatching(/TLS .* is not configured/) as string });
  expect(checkListen(':9847', { tls: true, auth: false })).toMatchObject({ message: expect.stringMatching(/authentication .*token_file.* is not configured/) as string });
  expect(checkListen(':9847', { tls: false, auth: false })).toMatchObject({ message: expect.stringMatching(/TLS .* and authentication .* are not/) as string, hint: expect.stringContaining('--web.listen-address') as string });
});
