import React from 'react';
import type { QueryEditorHelpProps } from '@grafana/data';
import { t } from '@grafana/i18n';
import { Button, Stack, Text } from '@grafana/ui';
import { REGISTRY } from '../queries/registry';
import type { RemitQuery } from '../types';

/** What can be asked, each a click away, and what this data source cannot do. */
export function QueryHelp({ onClickExample }: QueryEditorHelpProps<RemitQuery>) {
  const examples: Array<{ title: string; query: Omit<RemitQuery, 'refId'> }> = [
    { title: t('help.open', 'Open findings that page'), query: { kind: 'findings', filters: [{ key: 'state', op: '=', values: ['open'] }, { key: 'severity', op: '=', values: ['critical'] }] } },
    { title: t('help.denied', 'Calls that were denied'), query: { kind: 'events', format: 'logs', filters: [{ key: 'outcome', op: '=', values: ['denied'] }] } },
    { title: t('help.shadow', 'Identities without a record'), query: { kind: 'identities', filters: [{ key: 'inventoried', op: '=', values: ['false'] }] } },
    { title: t('help.unused', 'Privileges that nobody uses'), query: { kind: 'privileges', filters: [{ key: 'state', op: '=', values: ['unused'] }] } },
    { title: t('help.reach', 'Who reaches what'), query: { kind: 'graph', format: 'access', filters: [] } },
    { title: t('help.blind', 'What cannot be judged, and why'), query: { kind: 'coverage', filters: [{ key: 'state', op: '=', values: ['not_judged'] }] } },
  ];
  return (
    <Stack direction="column" gap={2}>
      <Text element="h3">{t('help.title', 'What can be asked')}</Text>
      {examples.map(({ title, query }) => (
        <Stack key={title} direction="column" gap={0.5}>
          <div><Button size="sm" variant="secondary" onClick={() => onClickExample({ refId: 'A', ...query })}>{title}</Button></div>
          <Text color="secondary">{REGISTRY[query.kind].model().description}</Text>
        </Stack>
      ))}
      <Text element="h3">{t('help.not', 'What it cannot do')}</Text>
      <Text>{t('help.limits', 'This data source runs in the browser. Grafana-managed alert rules, server-side expressions, public dashboards, recorded queries and /api/ds/query do not work on it: alert on the rules that Remit ships for Prometheus.')}</Text>
    </Stack>
  );
}
