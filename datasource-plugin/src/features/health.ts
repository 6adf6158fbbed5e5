import { t } from '@grafana/i18n';
import type { StatusReport } from '@remit/contract';
import type { Client } from '../lib/client';
import { explainFailure } from '../lib/failure';

/** What Grafana shows below "Save & test". */
export interface Health {
  status: 'success' | 'error' | 'warning';
  message: string;
}

/** Asks for the status and a query, and says what is there, or what is wrong and how to put it right. */
export async function checkHealth(client: Client, url: string | undefined): Promise<Health> {
  try {
    if (url === undefined || url === '') {
      return failed(t('health.no-url', 'No URL is set'), t('health.no-url-hint', 'Enter the address of Remit as seen from the Grafana server, for example http://127.0.0.1:9847.'));
    }
    const status = await client.status();
    if (typeof status !== 'object' || status === null || typeof status.version !== 'string' || typeof status.findings !== 'object') {
      return failed(t('health.other', 'Something answers there, but it is not Remit'), t('health.other-hint', 'Check the URL: it is that of Remit itself, without a path and without a slash at the end.'));
    }
    const labels = await client.labels();
    return labels.length === 0 ? failed(t('health.old', 'This version of Remit has no query API'), t('health.old-hint', 'Update Remit.')) : success(status);
  } catch (error) {
    const { message, hint } = explainFailure(error);
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
