import type { DataClass, InventoryFile } from '@remit/contract';
import { GlobSet } from '../lib/glob.ts';
import { memoised } from './memo.ts';
import type { MemoPool } from './memo.ts';

/** An entry of `data_classes[]`: the class of the resources that its patterns match. */
export type Classification = NonNullable<InventoryFile['data_classes']>[number];
/** The class of a resource, or null where the inventory says nothing of it. */
export type Classifier = (uid: string) => DataClass | null;

/** Compiles `data_classes[]`, in the order of files and entries; the first entry that matches counts. Case is kept. */
export function compileClassifier(entries: readonly Classification[], memos: MemoPool): Classifier {
  if (entries.length === 0) return () => null;
  let sets: { set: GlobSet; name: DataClass }[] | null = null;
  const classOf = memoised<DataClass | 'none'>(memos, (uid) => {
    sets ??= entries.map(({ resources, data_class: name }) => ({ set: new GlobSet(resources), name }));
    for (const { set, name } of sets) if (set.test(uid)) return name;
    return 'none';
  });
  return (uid) => {
    const name = classOf(uid);
    return name === 'none' ? null : name;
  };
}
