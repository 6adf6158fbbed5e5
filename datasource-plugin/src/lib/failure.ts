import { isFetchError } from '@grafana/runtime';
import { t } from '@grafana/i18n';
import type { ReadAuth } from '../types';

/** What went wrong and what to do about it, from whatever a request failed with: Remit's answer, the proxy's, or none at all. */
export interface Failure {
  message: string;
  hint?: string;
  status?: number;
  /** What the answer itself said; empty when it said nothing. */
  words?: string;
}

/** What a request went with: the write token, or what reads. */
type With = ReadAuth | 'write';

/** Puts a failed request into words, and names what it went with. The text is Remit's or ours, never markup. */
export function explainFailure(error: unknown, went: With = 'token'): Failure {
  // What the browser's own fetch says of an answer that it may not read.
  if (error instanceof TypeError && /fetch|network|load failed/i.test(error.message)) {
    return noAnswer(error.message);
  }
  if (!isFetchError(error)) {
    return { message: error instanceof Error ? error.message : t('failure.unknown', 'The request failed') };
  }
  const { status, statusText } = error;
  // Of an answer that is no JSON, Grafana makes the status line the `error` and the text the `message`.
  const foreign = typeof error.data?.response === 'string' || typeof error.data === 'string';
  const said: unknown = foreign ? error.data?.message : (error.data?.error ?? error.data?.message);
  const raw = typeof error.data === 'string' ? error.data : '';
  const given = typeof said === 'string' ? said : raw.slice(0, 300);
  // Of an empty answer Grafana makes the status line.
  const words = given === statusText ? '' : given;
  const known = hintFor(status, words, went);
  if (foreign && words !== '' && known === undefined) {
    return { status, words, ...fromAnother(status, words) };
  }
  const hint: unknown = error.data?.hint;
  // In place of the words of a gateway that only says that it waited.
  const message = status === 504 ? t('failure.late', 'Remit did not answer in time') : words || statusText || t('failure.unknown', 'The request failed');
  return { message, status, words, hint: typeof hint === 'string' && status !== 401 ? hint : known };
}

/** Nothing that the browser may read came back. */
function noAnswer(why: string): Failure {
  return {
    message: t('failure.none', 'The browser got no answer that it may read ({{why}})', { why, interpolation: { escapeValue: false } }), words: '',
    hint: t('failure.none-hint', 'Either what the URL of the data source leads to sends the browser elsewhere, as a page to sign in or a proxy that asks for a password does: enter the address of Remit itself, as seen from the Grafana server. Or Grafana itself cannot be reached just now: reload this page.'),
  };
}

/** An error that Remit would have said in JSON, and that came as a page or as plain text. */
function fromAnother(status: number, words: string): Pick<Failure, 'message' | 'hint'> {
  const page = /<\s*[a-z!/?]/i.test(words);
  return {
    message: page
      ? t('failure.page', 'A web page came back with status {{status}}, not an answer of Remit', { status })
      : t('failure.foreign', 'What answers at the URL failed with status {{status}} and said: {{words}}', { status, words: words.slice(0, 200).trim(), interpolation: { escapeValue: false } }),
    hint: t('failure.foreign-hint', 'These are not words of Remit: a proxy in front of it, or another service, answers there. Check that the URL of the data source is that of Remit itself, and look into the log of what answers.'),
  };
}

function hintFor(status: number, words: string, went: With): string | undefined {
  if (/certificate|x509|tls/i.test(words)) {
    return t('failure.tls', 'The certificate of Remit is not trusted. Add its CA certificate under TLS settings, or use the name that the certificate is for.');
  }
  if (status === 401 || /authentication to data source failed/i.test(words)) {
    return credentials(went);
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
  // What stands in front of Remit says it with a page, or in words of its own.
  if ((status === 429 || status === 503) && !/<\s*[a-z!/?]/i.test(words)) {
    return t('failure.busy', 'Remit is busy or still restoring its state. It will answer in a moment.');
  }
  return undefined;
}

function credentials(went: With): string {
  switch (went) {
    case 'write':
      return t('failure.write-token', 'Remit does not accept the write token of this data source. Paste the token of auth.write of its configuration into the settings, without spaces or line breaks.');
    case 'basic':
      return t('failure.basic', 'Remit does not accept this user and password. Enter those of its web configuration, or choose "Read token" as authentication.');
    case 'none':
      return t('failure.no-token', 'Remit asks for a token, and this data source is set to send none. Choose "Read token" as authentication and paste the token of auth.read of its configuration.');
    case 'token':
      return t('failure.token', 'Remit does not accept the read token. Paste the token of auth.read of its configuration, without spaces or line breaks.');
  }
}
