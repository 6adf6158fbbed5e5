import { open, readFile, rename } from 'node:fs/promises';
import { z } from 'zod';

const print = z.object({ length: z.int().min(0), digest: z.string() });
/** How far one file has been read; all that was read before is durable. */
const checkpointSchema = z.object({
  path: z.string(),
  /** The configured path that it was found by. */
  followed: z.string(),
  /** Device and inode, in decimal: a name may move to another file, this does not. */
  file: z.string(),
  packing: z.enum(['plain', 'gzip', 'zstd']),
  /** Bytes of content, unpacked, that need not be read again. */
  offset: z.int().min(0),
  /** Up to here the content is history and may be of any age. */
  history: z.int().min(0),
  /** In the middle of a line that is too long: goes on at the next one. */
  skipping: z.boolean(),
  /** A packed file of this size was read to its end. */
  done: z.int().min(0).nullable(),
  prints: z.object({ head: print, tail: print }),
  /** When it was last looked at, or when the file went. */
  seen: z.int(),
});
export type Checkpoint = z.infer<typeof checkpointSchema>;

const fileSchema = z.object({ version: z.literal(1), files: z.array(checkpointSchema), gone: z.array(checkpointSchema) });
/** Files that are followed, and those that are gone, whose content may come back under another name or packed. */
export type Checkpoints = Omit<z.infer<typeof fileSchema>, 'version'>;

/** Reads checkpoints; none when there is no such file. Throws when it cannot be read or is not what was written. */
export async function loadCheckpoints(path: string): Promise<Checkpoints> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { files: [], gone: [] };
    throw error;
  }
  return fileSchema.parse(JSON.parse(text));
}

/** Replaces the file whole, on disk when it resolves. */
export async function saveCheckpoints(path: string, { files, gone }: Checkpoints): Promise<void> {
  const handle = await open(`${path}.new`, 'w', 0o600);
  try {
    await handle.writeFile(JSON.stringify({ version: 1, files, gone }));
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(`${path}.new`, path);
}
