import type { SpawnOptions } from 'node:child_process';

export const FLAGS: readonly string[];
export const ENVIRONMENT: NodeJS.ProcessEnv;
export const TIED: Pick<SpawnOptions, 'stdio' | 'env'>;
export function findNode(root: string): string;
export function run(program: string, args: readonly string[], options?: SpawnOptions): Promise<number>;
export function fail(error: unknown): never;
