export * from './words.ts';
export * from './event.ts';
export * from './inventory.ts';
export * from './finding.ts';
export * from './parts.ts';
export * from './wire.ts';
export * from './metrics.ts';
export * from './sensitive.ts';
