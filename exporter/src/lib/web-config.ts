import { X509Certificate, createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { createSecureContext } from 'node:tls';
import type { TlsOptions } from 'node:tls';
import { z } from 'zod';
import type { Problem } from '@remit/contract';
import { CIPHERS, CURVES, TLS_VERSIONS } from './tls-names.ts';
import { readYaml } from './yaml-file.ts';

/** How clients prove themselves by certificate, in Go's words, as the toolkit's file has them. */
export const CLIENT_AUTH = [
  'NoClientCert', 'RequestClientCert', 'RequireAnyClientCert', 'RequireClientCert', 'VerifyClientCertIfGiven', 'RequireAndVerifyClientCert',
] as const;
export type ClientAuth = (typeof CLIENT_AUTH)[number];

/** TLS of the listener, certificates loaded. `allowedSans` is null when any name will do. */
export interface WebTls { options: TlsOptions; clientAuth: ClientAuth; allowedSans: readonly string[] | null }

/** What `--web.config.file` says: the file format of Prometheus' exporter-toolkit. */
export interface WebConfig {
  tls: WebTls | null;
  /** bcrypt hash by user name. */
  users: ReadonlyMap<string, string>;
  /** One request each `interval` ms in the long run, `burst` at once; null: no limit. */
  rateLimit: { interval: number; burst: number } | null;
  /** Headers added to each answer; they replace ours of the same name. */
  headers: Readonly<Record<string, string>>;
}

/** Loads the file and the certificates it names (relative to it). Every problem says file, line, column and what to do. */
export function loadWebConfig(file: string): { config: WebConfig; problems: [] } | { config: null; problems: Problem[] } {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    return refuse({ file, line: 1, column: 1, severity: 'error', message: `cannot read the web configuration: ${code(error)}`, hint: 'check the path and its permissions' });
  }
  const read = readYaml(file, text, webConfigSchema);
  if (!read.ok) return { config: null, problems: read.problems };
  const tls = read.value.tls_server_config === undefined ? null : loadTls(file, text, read.value.tls_server_config);
  if (tls !== null && 'message' in tls) return refuse(tls);
  const limit = read.value.rate_limit;
  return {
    config: {
      tls,
      users: new Map(Object.entries(read.value.basic_auth_users ?? {})),
      rateLimit: limit !== undefined && limit.interval > 0 ? limit : null,
      headers: Object.fromEntries(Object.entries(read.value.http_server_config?.headers ?? {}).flatMap(([name, value]) => (value ? [[name, value]] : []))),
    },
    problems: [],
  };
}

const BCRYPT = /^\$2[aby]\$(0[4-9]|1[0-6])\$[./A-Za-z0-9]{53}$/;
const UNITS: Record<string, number> = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
const goDuration = z.union([
  z.int().nonnegative().transform((nanos) => nanos / 1e6),
  z.string().regex(/^(0|((\d+(\.\d+)?)(ns|us|µs|ms|s|m|h))+)$/, 'a duration, for example 1s or 100ms').transform((text) => {
    let millis = 0;
    for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g)) millis += Number(amount) * (UNITS[unit ?? ''] ?? 0);
    return millis;
  }),
]);
const pem = z.string().min(1);
const path = z.string().min(1);
const oneOf = (names: object): z.ZodType<string> => z.string().refine((name) => Object.hasOwn(names, name), { message: `one of ${Object.keys(names).join(', ')}` });

const tlsSchema = z.strictObject({
  cert: pem.optional(), key: pem.optional(), client_ca: pem.optional(),
  cert_file: path.optional(), key_file: path.optional(), client_ca_file: path.optional(),
  client_auth_type: z.enum(CLIENT_AUTH).default('NoClientCert'),
  client_allowed_sans: z.array(z.string().min(1)).min(1).optional(),
  min_version: oneOf(TLS_VERSIONS).default('TLS12'), max_version: oneOf(TLS_VERSIONS).default('TLS13'),
  cipher_suites: z.array(oneOf(CIPHERS)).optional(), prefer_server_cipher_suites: z.boolean().default(true),
  curve_preferences: z.array(oneOf(CURVES)).optional(),
});
type TlsSettings = z.output<typeof tlsSchema>;

const webConfigSchema = z.strictObject({
  tls_server_config: tlsSchema.optional(),
  http_server_config: z.strictObject({
    http2: z.boolean().optional(),
    headers: z.strictObject({
      'Content-Security-Policy': z.string().optional(), 'X-Frame-Options': z.enum(['', 'deny', 'sameorigin']).optional(),
      'X-Content-Type-Options': z.enum(['', 'nosniff']).optional(), 'X-XSS-Protection': z.string().optional(),
      'Strict-Transport-Security': z.string().optional(),
    }).optional(),
  }).optional(),
  basic_auth_users: z.record(
    z.string().min(1).regex(/^[^:]+$/, 'a user name has no colon'),
    z.string().regex(BCRYPT, 'a bcrypt hash of cost 4 to 16; make one with: htpasswd -nBC 10 "" | tr -d \':\\n\''),
  ).optional(),
  rate_limit: z.strictObject({ interval: goDuration, burst: z.int().positive('at least 1, or every request is refused') }).optional(),
});

function loadTls(file: string, text: string, settings: TlsSettings): WebTls | Problem {
  const problem = (key: string, message: string, hint: string): Problem => ({ ...placeOf(file, text, key), severity: 'error', message, hint });
  const parts: { cert?: string; key?: string; ca?: string } = {};
  for (const [name, inline, from] of [['cert', 'cert', 'cert_file'], ['key', 'key', 'key_file'], ['ca', 'client_ca', 'client_ca_file']] as const) {
    if (settings[inline] !== undefined && settings[from] !== undefined) return problem(from, `${inline} and ${from} are both set`, 'keep one of them');
    const source = settings[from];
    try {
      const value = settings[inline] ?? (source === undefined ? undefined : readFileSync(resolve(dirname(file), source), 'utf8'));
      if (value !== undefined) parts[name] = value;
    } catch (error) {
      return problem(from, `cannot read ${source}: ${code(error)}`, 'the path is relative to this file');
    }
  }
  if (parts.cert === undefined || parts.key === undefined) {
    return problem('tls_server_config', `TLS needs ${parts.cert === undefined ? 'cert_file' : 'key_file'}`, 'set cert_file and key_file, or remove tls_server_config');
  }
  const policy = policyProblem(settings, parts.ca !== undefined);
  if (policy !== null) return problem(policy.key, policy.message, policy.hint);
  const { client_auth_type: clientAuth } = settings;
  const options: TlsOptions = {
    ...parts,
    minVersion: TLS_VERSIONS[settings.min_version as keyof typeof TLS_VERSIONS], maxVersion: TLS_VERSIONS[settings.max_version as keyof typeof TLS_VERSIONS],
    honorCipherOrder: settings.prefer_server_cipher_suites,
    ...(settings.cipher_suites?.length ? { ciphers: settings.cipher_suites.map((name) => CIPHERS[name]).join(':') } : {}),
    ...(settings.curve_preferences?.length ? { ecdhCurve: settings.curve_preferences.map((name) => CURVES[name]).join(':') } : {}),
    requestCert: clientAuth !== 'NoClientCert', rejectUnauthorized: clientAuth === 'RequireAndVerifyClientCert',
  };
  try {
    if (!new X509Certificate(parts.cert).checkPrivateKey(createPrivateKey(parts.key))) return problem('key_file', 'the key does not belong to the certificate', 'name the pair that was made together');
    createSecureContext(options);
  } catch (error) {
    return problem('tls_server_config', `the certificate or key cannot be used: ${(error as Error).message}`, 'both must be PEM');
  }
  return { options, clientAuth, allowedSans: settings.client_allowed_sans ?? null };
}

function policyProblem(settings: TlsSettings, hasCa: boolean): { key: string; message: string; hint: string } | null {
  const type = settings.client_auth_type;
  const verifies = type === 'RequireAndVerifyClientCert' || type === 'VerifyClientCertIfGiven';
  if (hasCa && type === 'NoClientCert') return { key: 'client_auth_type', message: 'a client CA is set, but no client certificate is asked for', hint: 'set client_auth_type: RequireAndVerifyClientCert' };
  if (verifies && !hasCa) return { key: 'client_auth_type', message: `${type} needs client_ca_file`, hint: 'name the CA that signed the client certificates' };
  if (settings.client_allowed_sans !== undefined && !type.startsWith('Require')) {
    return { key: 'client_allowed_sans', message: 'client_allowed_sans needs a client certificate', hint: 'set client_auth_type: RequireAndVerifyClientCert' };
  }
  if (settings.min_version > settings.max_version) return { key: 'min_version', message: 'min_version is above max_version', hint: 'swap them' };
  return null;
}

function placeOf(file: string, text: string, key: string): { file: string; line: number; column: number } {
  const lines = text.split('\n');
  const found = lines.findIndex((line) => line.trimStart().startsWith(`${key}:`));
  const line = found >= 0 ? found : Math.max(0, lines.findIndex((each) => each.startsWith('tls_server_config')));
  return { file, line: line + 1, column: (lines[line] ?? '').search(/\S|$/) + 1 };
}

const code = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? (error as Error).message;
const refuse = (problem: Problem): { config: null; problems: Problem[] } => ({ config: null, problems: [problem] });
