import type { Filter } from '../types';

/** Whether a text could be taken for one with a variable in it. */
function looksVariable(text: string): boolean {
  return /[$[]/.test(text);
}

/** Whether a value of a condition is taken as it is, whatever signs it has. */
export function isLiteral({ literal }: Filter, value: string): boolean {
  return Array.isArray(literal) ? literal.includes(value) : literal === true;
}

/** What a condition has to say about which of its values come from data; nothing when it makes no difference. */
export function literalOf(values: readonly string[], fromData: (value: string) => boolean): Pick<Filter, 'literal'> {
  const odd = values.filter(looksVariable);
  const literal = odd.filter(fromData);
  return literal.length === 0 ? {} : { literal: literal.length === odd.length ? true : literal };
}
