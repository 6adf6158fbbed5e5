import type { IdentityRecord, PurposeRemit, Remit, ToolCall, ToolFacts } from '@remit/contract';
import { GlobSet } from '../lib/glob.ts';
import { compileArguments } from './arguments.ts';
import { compileToolPatterns } from './tools.ts';

/** What a purpose narrows: the lists of its record. */
type Wide = Pick<Remit, 'action' | 'tool' | 'sequences' | 'arguments'>;

/**
 * Compiles `purposes[]`. A purpose only narrows: what its own lists allow must be allowed by the record as well, where that
 * declares anything. A list that is missing or empty leaves the record's in force. Null for a purpose the record does not have.
 */
export function compilePurposes(purposes: NonNullable<IdentityRecord['purposes']>, wide: Wide): (id: string) => PurposeRemit | null {
  const written = new Map(purposes.map((purpose) => [purpose.id, purpose]));
  const compiled = new Map<string, PurposeRemit>();
  return (id) => {
    const known = compiled.get(id);
    if (known !== undefined) return known;
    const purpose = written.get(id);
    if (purpose === undefined) return null;
    const { actions = [], tools = [], sequences = [] } = purpose;
    const fresh: PurposeRemit = {
      id,
      action: actions.length === 0 ? wide.action : narrowActions(actions, wide.action),
      tool: tools.length === 0 ? wide.tool : narrowTools(tools, wide.tool),
      approves: tools.length === 0 ? never : compileToolPatterns(tools),
      arguments: purpose.arguments === undefined ? wide.arguments : [...compileArguments(purpose.arguments), ...wide.arguments],
      sequences: sequences.length === 0 ? wide.sequences : wide.sequences.filter(({ name }) => sequences.includes(name)),
    };
    compiled.set(id, fresh);
    return fresh;
  };
}

function never(): boolean { return false; }

function narrowActions(patterns: readonly string[], wide: Wide['action']): Wide['action'] {
  const set = new GlobSet(patterns, { ignoreCase: true });
  return (permission) => (set.test(permission) && wide(permission) !== 'outside' ? 'allowed' : 'outside');
}

function narrowTools(patterns: readonly string[], wide: Wide['tool']): Wide['tool'] {
  const fits = compileToolPatterns(patterns);
  return (call: ToolCall): ToolFacts => {
    const facts = wide(call);
    if (fits(call)) return facts.verdict === 'undeclared' ? { ...facts, verdict: 'allowed', known: true } : facts;
    return facts.verdict === 'denied' ? facts : { ...facts, verdict: 'outside' };
  };
}
