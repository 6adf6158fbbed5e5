import { useState } from 'react';

/** What stands in a box: what is typed, until what it shows becomes another by other means, as by going back in the browser. */
export function useDraft(shown: string): [string, (text: string) => void] {
  const [draft, setDraft] = useState({ of: shown, text: shown });
  if (draft.of !== shown) {
    setDraft({ of: shown, text: shown });
  }
  return [draft.of === shown ? draft.text : shown, (text) => setDraft({ of: shown, text })];
}
