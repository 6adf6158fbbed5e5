import React from 'react';
import { QuickFilters } from '../../editors/QuickFilters';
import { Verdicts } from '../../editors/Verdicts';
import type { EditorProps } from '../kind';

/** The finding to explain, and what a person may say about it. */
export function Editor(props: EditorProps) {
  const id = props.query.filters?.find(({ key }) => key === 'id')?.values[0] ?? '';
  return (
    <>
      <QuickFilters {...props} />
      {/^[0-9a-f]{32}$/.test(id) && props.datasource.actions && <Verdicts key={id} finding={id} datasource={props.datasource} data={props.data} onDone={props.onRunQuery} />}
    </>
  );
}
