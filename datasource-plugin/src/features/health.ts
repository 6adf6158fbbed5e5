import { lastValueFrom } from 'rxjs';
import { getBackendSrv } from '@grafana/runtime';
import { t } from '@grafana/i18n';
import type { StatusReport } from '@remit/contract';
import type { Client } from '../lib/client';
import { explainFailure, type Failure } from '../lib/failure';

/** What Grafana shows below "Save & test". */
export interface Health {
  status: 'success' | 'error' | 'warning';
  message: string;
}

/** The settings as Grafana stores them. A data source itself knows the path of the proxy only. */
interface Stored {
  url?: string;
  jsonData?: { tlsSkipVerify?: boolean; tlsAuthWithCACert?: boolean; timeout?: number };
}

/** How long Grafana's proxy waits when the settings say nothing, seconds. */
const TIMEOUT = 30;

/** Asks for the status and a query, and says what is there, or what is wrong and how to put it right. `uid`: of the data source. */
export async function checkHealth(client: Client, uid: string): Promise<Health> {
  const began = performance.now();
  try {
    const status = await client.status();
    if (typeof status !== 'object' || status === null || typeof status.version !== 'string' || typeof status.findings !== 'object') {
      return failed(t('health.other', 'Something answers there, but it is not Remit'), t('health.other-hint', 'Check the URL: it is that of Remit itself, without a path and without a slash at the end.'));
    }
    const labels = await client.labels();
    return labels.length === 0 ? failed(t('health.old', 'This version of Remit has no query API'), t('health.old-hint', 'Update Remit.')) : success(status);
  } catch (error) {
    const { message, hint } = await closer(explainFailure(error, client.auth), uid, performance.now() - began);
    return failed(message, hint);
  }
}

function success(status: StatusReport): Health {
  const { version, identities, findings, sources, ready } = status;
  const counts = t('health.counts', '{{identities}} identities, {{open}} open findings, {{sources}} sources', { identities: identities.total, open: findings.open, sources: sources.length });
  const silent = sources.filter((source) => source.silent).map(({ source }) => source);
  const notes = [
    ...(ready ? [] : [t('health.restoring', 'It is still restoring its state.')]),
    ...(sources.length === 0 ? [t('health.no-events', 'No events have arrived yet: connect a source.')] : []),
    ...(silent.length > 0 ? [t('health.silent', 'Silent sources: {{sources}}.', { sources: silent.join(', '), interpolation: { escapeValue: false } })] : []),
  ];
  return { status: 'success', message: `Remit ${version}: ${counts}. ${notes.join(' ')}`.trim() };
}

function failed(message: string, hint?: string): Health {
  return { status: 'error', message: hint ? `${message}. ${hint}` : message };
}

/** The proxy answers an empty 502 whatever kept it from connecting, a certificate too. What the settings say narrows it down. */
async function closer(failure: Failure, uid: string, took: number): Promise<Failure> {
  const stored = await storedSettings(uid);
  const url = stored?.url;
  if (typeof url !== 'string') {
    return failure;
  }
  if (url === '') {
    return { message: t('health.no-url', 'No URL is set'), hint: t('health.no-url-hint', 'Enter the address of Remit as seen from the Grafana server, for example http://127.0.0.1:9847.') };
  }
  if (failure.status === 502 && failure.words === '') {
    const seconds = Number(stored?.jsonData?.timeout) || TIMEOUT;
    if (took >= seconds * 1_000) {
      return late(url, seconds);
    }
    return unreachable(url, stored?.jsonData ?? {});
  }
  return failure;
}

/** Cut off by the proxy, which says the same of it as of an address where nothing is. */
function late(url: string, seconds: number): Failure {
  return {
    message: t('health.late', 'Nothing came from {{url}} within the {{seconds}} s that Grafana waits', { url: url.slice(0, 200), seconds, interpolation: { escapeValue: false } }),
    hint: t('health.late-hint', 'If Remit is there, it is overloaded or still restoring its state: look at its log, or raise the timeout under "Links and limits". If it is not, something on the way drops packets: check the address and the firewalls between.'),
  };
}

function unreachable(url: string, { tlsSkipVerify, tlsAuthWithCACert }: NonNullable<Stored['jsonData']>): Failure {
  const where = { url: url.slice(0, 200), interpolation: { escapeValue: false } };
  const log = t('health.log', 'The log of Grafana says which: "Proxy request failed".');
  if (!/^https:/i.test(url)) {
    return { message: t('health.unreachable', 'Grafana cannot reach Remit at {{url}}', where), hint: t('health.unreachable-hint', 'Check that Remit runs, and that the address is right as seen from the Grafana server. If Remit has a certificate, the URL begins with https.') };
  }
  if (tlsSkipVerify) {
    return { message: t('health.unreachable', 'Grafana cannot reach Remit at {{url}}', where), hint: `${t('health.no-tls', 'Check that Remit runs, that the address is right as seen from the Grafana server, and that Remit has a certificate: without one the URL begins with http. If it asks for client certificates, turn on "TLS Client Authentication".')} ${log}` };
  }
  const message = t('health.untrusted', 'Grafana cannot reach Remit at {{url}}, or does not trust its certificate', where);
  return {
    message,
    hint: `${
      tlsAuthWithCACert
        ? t('health.wrong-ca', 'Check that Remit runs there and has a certificate; that the CA certificate under "TLS settings" is of the authority that signed it; and that the certificate is for the name in the URL.')
        : t('health.no-ca', 'Check that Remit runs there and has a certificate. If an authority of your own signed it, turn on "Add self-signed certificate" under "TLS settings" and paste the certificate of that authority; the certificate must be for the name in the URL.')
    } ${log}`,
  };
}

/** Nothing to those who may not read the settings. */
function storedSettings(uid: string): Promise<Stored | undefined> {
  return lastValueFrom(getBackendSrv().fetch<Stored>({ url: `/api/datasources/uid/${encodeURIComponent(uid)}`, showErrorAlert: false })).then(({ data }) => data).catch(() => undefined);
}
