import React, { useState } from 'react';
import type { PanelData } from '@grafana/data';
import { Alert, Button, ClipboardButton, ConfirmModal, InlineField, Input, Stack } from '@grafana/ui';
import { t } from '@grafana/i18n';
import type { RemitDataSource } from '../datasource';
import { claimedUser } from '../lib/actions';
import { explainFailure, type Failure } from '../lib/failure';

interface Props {
  finding: string;
  datasource: RemitDataSource;
  data?: PanelData;
  onDone: () => void;
}

type Word = 'acknowledged' | 'benign' | 'bad';

/**
 * Says a word on a finding with the write token, after asking again. The service records the token's name; the user's name goes along as
 * claimed. An exception is only proposed: it is text to paste into the inventory, where it is reviewed.
 */
export function Verdicts({ finding, datasource, data, onDone }: Props) {
  const [note, setNote] = useState('');
  const [asked, setAsked] = useState<Word | null>(null);
  const [failure, setFailure] = useState<Failure | null>(null);
  const [done, setDone] = useState<Word | null>(null);
  const words: Record<Word, string> = { acknowledged: t('verdicts.acknowledge', 'Acknowledge'), benign: t('verdicts.benign', 'Confirm benign'), bad: t('verdicts.bad', 'Confirm bad') };
  const say = async (state: Word) => {
    setAsked(null);
    setFailure(null);
    const user = claimedUser();
    try {
      await datasource.client.verdict(finding, { state, ...(note ? { note } : {}), ...(user ? { claimed_user: user } : {}) });
      setDone(state);
      onDone();
    } catch (error) {
      setFailure(explainFailure(error, 'write'));
    }
  };
  const id = `remit-note-${finding}`;
  return (
    <Stack direction="column" gap={1}>
      <Stack gap={1} alignItems="center" wrap="wrap">
        <InlineField label={t('verdicts.note', 'Note')} labelWidth={14} htmlFor={id}>
          <Input id={id} width={40} value={note} maxLength={2000} onChange={(event) => setNote(event.currentTarget.value)} />
        </InlineField>
        <Button size="sm" variant="secondary" onClick={() => setAsked('acknowledged')}>{words.acknowledged}</Button>
        <Button size="sm" variant="secondary" onClick={() => setAsked('benign')}>{words.benign}</Button>
        <Button size="sm" variant="destructive" fill="outline" onClick={() => setAsked('bad')}>{words.bad}</Button>
        <ClipboardButton size="sm" variant="secondary" icon="copy" disabled={snippetOf(data) === ''} getText={() => snippetOf(data)}>{t('verdicts.exception', 'Copy an exception to propose')}</ClipboardButton>
      </Stack>
      {failure && <Alert severity="error" title={failure.message}>{failure.status === 403 ? t('verdicts.forbidden', 'It takes the role of an editor, and a write token in the settings of this data source.') : failure.hint}</Alert>}
      {done && <Alert severity="success" title={t('verdicts.done', 'Said: {{word}}', { word: words[done] })} />}
      {asked && (
        <ConfirmModal
          isOpen title={words[asked]} confirmText={words[asked]} confirmVariant={asked === 'bad' ? 'destructive' : 'primary'} onConfirm={() => void say(asked)} onDismiss={() => setAsked(null)}
          body={asked === 'acknowledged' ? t('verdicts.ask-acknowledged', 'The page for this finding ends. The finding stays open for you.') : asked === 'benign' ? t('verdicts.ask-benign', 'The finding is closed, and what it covers is learned as normal.') : t('verdicts.ask-bad', 'The finding is closed as bad. What it covers is never learned.')}
        />
      )}
    </Stack>
  );
}

function snippetOf(data: PanelData | undefined): string {
  for (const frame of data?.series ?? []) {
    const field = frame.fields.find(({ name }) => name === 'exception_snippet');
    const value: unknown = field?.values[0];
    if (typeof value === 'string') {
      return value;
    }
  }
  return '';
}
