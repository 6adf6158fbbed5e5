import type { Millis } from '@remit/contract';
import { DAY } from '../phrases.ts';

/** Most instants of one slot that are told apart; of more, neighbours are added up. */
export const MOST_CELLS = 32;
/** More than any real cell holds; keeps sums exact whatever a record says. */
export const MOST_OF_CELL = 2 ** 43;

/** What moved in one cell: first and last time, bytes, rows. */
export type Cell = [first: Millis, last: Millis, bytes: number, rows: number];
/** Cells of 2^`level` milliseconds in order of time, none over midnight: level 0 keeps every instant by itself. */
export interface Cells { level: number; list: Cell[] }

/**
 * Adds cells to others. The level is the lowest at which all fit, so that any order of adding gives the same cells, and more events
 * only ever make them wider.
 */
export function addCells(into: Cells, from: Cells): Cells {
  if (from.level > into.level) widen(into, from.level);
  for (const cell of from.list) {
    let at = into.list.length;
    while (at > 0 && numberOf(into.list[at - 1]!, into.level) > numberOf(cell, into.level)) at--;
    const before = into.list[at - 1];
    if (before && numberOf(before, into.level) === numberOf(cell, into.level)) join(before, cell);
    else into.list.splice(at, 0, [...cell]);
    while (into.list.length > MOST_CELLS) widen(into, into.level + 1);
  }
  return into;
}

function widen(cells: Cells, level: number): void {
  const wider: Cell[] = [];
  for (const cell of cells.list) {
    const before = wider.at(-1);
    if (before && numberOf(before, level) === numberOf(cell, level)) join(before, cell);
    else wider.push(cell);
  }
  cells.level = level;
  cells.list = wider;
}

function join(into: Cell, from: Cell): void {
  into[0] = Math.min(into[0], from[0]);
  into[1] = Math.max(into[1], from[1]);
  into[2] = Math.min(into[2] + from[2], MOST_OF_CELL);
  into[3] = Math.min(into[3] + from[3], MOST_OF_CELL);
}

function numberOf([first]: Cell, level: number): number { return Math.floor(first / DAY) * 2 ** 27 + Math.floor((first % DAY) / 2 ** level); }
