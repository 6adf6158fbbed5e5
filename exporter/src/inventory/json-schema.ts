import { inventoryFileSchema } from '@remit/contract';
import { z } from 'zod';

/**
 * The JSON Schema (draft 7, which every editor knows) of an inventory file as people write it: fields with a default may be
 * left out. What it cannot say, such as that a URN occurs once, `remit check-config` does.
 */
export function inventoryJsonSchema(): object {
  const { $schema, ...rest } = z.toJSONSchema(inventoryFileSchema, { io: 'input', target: 'draft-7' });
  return {
    $schema,
    $id: 'urn:remit:inventory:1',
    title: 'Remit inventory',
    description: 'Who owns machine identities, what each is for, and what it may do. YAML or JSON; spread over any number of files.',
    ...rest,
  };
}

/** The files that follow from this folder, by path in the repository. */
export function generated(): Record<string, string> {
  return { 'inventory/schema.json': `${JSON.stringify(inventoryJsonSchema(), null, 2)}\n` };
}
