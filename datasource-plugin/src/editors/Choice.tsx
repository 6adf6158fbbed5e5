import React, { useLayoutEffect, useRef } from 'react';
import { Combobox, MultiCombobox, type ComboboxOption } from '@grafana/ui';

interface Common {
  id: string;
  label?: string;
  /** Id of the element that names the menu, where no `label` does. */
  labelledBy?: string;
  options: Array<ComboboxOption<string>> | ((contains: string) => Promise<Array<ComboboxOption<string>>>);
  width: number;
  placeholder?: string;
  /** Any text is taken, not only what is offered. */
  free?: boolean;
}

interface OneProps extends Common {
  value: string | ComboboxOption<string> | null;
  clearable?: boolean;
  /** Told of another option only; null when the choice is cleared. */
  onChange: (option: ComboboxOption<string> | null) => void;
}

/**
 * A menu of which one is chosen. It says every change once: Grafana's menu tells the same choice again with every render that follows from it, with the
 * handler of before, and a query that is run by each of those ends in "Maximum update depth exceeded".
 */
export function Choice({ id, label, labelledBy, options, width, placeholder, free, value, clearable, onChange }: OneProps) {
  const take = useChanged(typeof value === 'object' ? value?.value : value, (option: ComboboxOption<string> | null) => option?.value, onChange);
  const common = { id, 'aria-label': label, 'aria-labelledby': labelledBy, options, width, placeholder, createCustomValue: free, value };
  return clearable ? <Combobox {...common} isClearable onChange={take} /> : <Combobox {...common} onChange={take} />;
}

interface SeveralProps extends Common {
  value: Array<ComboboxOption<string>>;
  onChange: (options: Array<ComboboxOption<string>>) => void;
}

/** A menu of which several are chosen; says every change once. */
export function Choices({ id, label, labelledBy, options, width, placeholder, free, value, onChange }: SeveralProps) {
  const take = useChanged(namesOf(value), namesOf, onChange);
  return <MultiCombobox id={id} aria-label={label} aria-labelledby={labelledBy} options={options} width={width} placeholder={placeholder} createCustomValue={free} value={value} onChange={take} />;
}

/** `onChange` for what differs from what is shown and from what was said last. */
function useChanged<T>(shown: string | null | undefined, nameOf: (next: T) => string | null | undefined, onChange: (next: T) => void): (next: T) => void {
  const last = useRef<{ said: string | null; tell: (next: T) => void }>({ said: shown ?? null, tell: onChange });
  useLayoutEffect(() => {
    last.current = { said: shown ?? null, tell: onChange };
  });
  return (next) => {
    const name = nameOf(next) ?? null;
    if (name !== last.current.said) {
      last.current.said = name;
      last.current.tell(next);
    }
  };
}

function namesOf(options: Array<ComboboxOption<string>>): string {
  return JSON.stringify(options.map(({ value }) => value));
}
