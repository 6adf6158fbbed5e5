import { isFetchError } from '@grafana/runtime';
import { t } from '@grafana/i18n';

/** What went wrong and what to do about it, from whatever a request failed with: Remit's answer, the proxy's, or none at all. */
export interface Failure {
  message: string;
  hint?: string;
  status?: number;
  /** What the answer itself said; empty when it said nothing. */
  words?: string;
}

/** Puts a failed request into words, and names the token that it went with. The text is Remit's or ours, never markup. */
export function explainFailure(error: unknown, token: 'read' | 'write' = 'read'): Failure {
  if (!isFetchError(error)) {
    return { message: error instanceof Error ? error.message : t('failure.unknown', 'The request failed') };
  }
  // Of an answer that is no JSON, Grafana makes the status line the `error` and the text the `message`.
  const said: unknown = typeof error.data?.response === 'string' ? error.data.message : (error.data?.error ?? error.data?.message);
  const raw = typeof error.data === 'string' ? error.data : '';
  const given = typeof said === 'string' ? said : raw.slice(0, 300);
  // Of an empty answer Grafana makes the status line.
  const words = given === error.statusText ? '' : given;
  const hint: unknown = error.data?.hint;
  return {
    message: words || error.statusText || t('failure.unknown', 'The request failed'), status: error.status, words,
    ...(typeof hint === 'string' ? { hint } : { hint: hintFor(error.status, words, token) }),
  };
}

function hintFor(status: number, words: string, token: 'read' | 'write'): string | undefined {
  if (/certificate|x509|tls/i.test(words)) {
    return t('failure.tls', 'The certificate of Remit is not trusted. Add its CA certificate under TLS settings, or use the name that the certificate is for.');
  }
  if (status === 401 || /authentication to data source failed/i.test(words)) {
    return token === 'write'
      ? t('failure.write-token', 'Remit does not accept the write token of this data source. Paste the token of auth.write of its configuration into the settings, without spaces or line breaks.')
      : t('failure.token', 'Remit does not accept the read token. Paste the token of auth.read of its configuration, without spaces or line breaks.');
  }
  if (status === 403) {
    return t('failure.forbidden', 'You may not do this: your role in Grafana, or the token in Remit, does not allow it.');
  }
  if (status === 404) {
    return t('failure.path', 'Nothing answers at this path. Check that the URL is that of Remit itself, without a path and without a slash at the end, and that its version has the query API.');
  }
  if (status === 421) {
    return t('failure.host', 'Remit listens on loopback and does not know this host name. Use 127.0.0.1, or start it with --web.external-url.');
  }
  if (status === 504) {
    return t('failure.slow', 'Remit did not answer in time. Check that it runs and is not overloaded, that nothing on the way drops packets, and the timeout in the settings.');
  }
  if (status === 502) {
    return t('failure.unreachable', 'Grafana cannot reach Remit. Check the URL as seen from the Grafana server, that Remit runs, that http or https is right, and that Grafana trusts its certificate.');
  }
  if (status === 429 || status === 503) {
    return t('failure.busy', 'Remit is busy or still restoring its state. It will answer in a moment.');
  }
  return undefined;
}
