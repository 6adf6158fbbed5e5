import type { Millis } from '@remit/contract';
import { DAY, HOUR, WEEK, type Recording, type Stream } from './recording.ts';
import type { Truth } from './truth.ts';

/** What common alert rules make of the same streams. */
export interface PlainResult {
  method: string;
  /** As people set it up: three deviations. */
  out_of_the_box: { pages_a_week: number; recall: number | null };
  /** With the deviation at which pages meet the budget; nobody could know it before. */
  at_budget: { deviations: number; pages_a_week: number; recall: number | null };
}

interface Alarm { stream: Stream; hour: Millis; z: number }

const DEVIATIONS = 3;
/** An alert that is quiet for this long is over; the next is a page. */
const QUIET: Millis = DAY;
const HISTORY = 28 * 24;
const LEAST_HISTORY = 24;
/** Spread of what never varied: this share of what an active hour has on average, and half an event. */
const LEAST_SHARE = 0.1;
const LEAST_SPREAD = 0.5;
const SEASONS = 4;

/** Mean and standard deviation of the last four weeks, and median and median deviation of the same hour of the week: on events and bytes. */
export function plainMethods(recording: Recording, truth: Truth, window: { from: Millis; to: Millis }, budget: number): PlainResult[] {
  return [
    result('3σ', alarms(recording, window, threeSigma), truth, window, budget),
    result('seasonal MAD', alarms(recording, window, seasonalMad), truth, window, budget),
  ];
}

type Method = (series: ReadonlyMap<Millis, number>, from: Millis, window: { from: Millis; to: Millis }) => Map<Millis, number>;

/** Every hour in which a stream lies more than one deviation above what is usual. */
function alarms(recording: Recording, window: { from: Millis; to: Millis }, method: Method): Alarm[] {
  const found: Alarm[] = [];
  for (const stream of recording.streams.values()) {
    const begin = Math.floor(stream.first / HOUR) * HOUR;
    const events = method(stream.events, begin, window);
    for (const [hour, z] of method(stream.bytes, begin, window)) events.set(hour, Math.max(z, events.get(hour) ?? 0));
    for (const [hour, z] of [...events].sort((a, b) => a[0] - b[0])) if (z > 1) found.push({ stream, hour, z });
  }
  return found;
}

function threeSigma(series: ReadonlyMap<Millis, number>, begin: Millis, { from, to }: { from: Millis; to: Millis }): Map<Millis, number> {
  const found = new Map<Millis, number>();
  const least = leastSpread(series);
  let [sum, squares] = [0, 0];
  for (let hour = begin; hour < to; hour += HOUR) {
    const seen = Math.min(HISTORY, (hour - begin) / HOUR);
    const value = series.get(hour) ?? 0;
    if (value > 0 && hour >= from && seen >= LEAST_HISTORY) {
      const mean = sum / seen;
      const spread = Math.sqrt(Math.max(0, squares / seen - mean * mean));
      found.set(hour, (value - mean) / Math.max(spread, least));
    }
    const gone = hour - HISTORY * HOUR >= begin ? series.get(hour - HISTORY * HOUR) ?? 0 : 0;
    sum += value - gone;
    squares += value * value - gone * gone;
  }
  return found;
}

function seasonalMad(series: ReadonlyMap<Millis, number>, begin: Millis, { from, to }: { from: Millis; to: Millis }): Map<Millis, number> {
  const found = new Map<Millis, number>();
  const least = leastSpread(series);
  for (const [hour, value] of series) {
    if (hour < from || hour >= to) continue;
    const past: number[] = [];
    for (let week = 1; week <= SEASONS; week++) {
      for (let side = -1; side <= 1; side++) {
        const then = hour - week * WEEK + side * HOUR;
        if (then >= begin) past.push(series.get(then) ?? 0);
      }
    }
    if (past.length < 3) continue;
    const middle = median(past);
    found.set(hour, (value - middle) / Math.max(1.4826 * median(past.map((one) => Math.abs(one - middle))), least));
  }
  return found;
}

function leastSpread(series: ReadonlyMap<Millis, number>): number {
  let sum = 0;
  for (const value of series.values()) sum += value;
  return Math.max(LEAST_SPREAD, (LEAST_SHARE * sum) / Math.max(1, series.size));
}

function median(values: number[]): number {
  values.sort((a, b) => a - b);
  const half = values.length >> 1;
  return values.length % 2 === 1 ? values[half]! : (values[half - 1]! + values[half]!) / 2;
}

function result(method: string, all: readonly Alarm[], truth: Truth, window: { from: Millis; to: Millis }, budget: number): PlainResult {
  const weeks = Math.max((window.to - window.from) / WEEK, 1e-9);
  const inVain = all.filter(({ stream, hour }) => truth.conforming(stream.urn, hour, hour + HOUR));
  const pages = (least: number) => openings(inVain, least) / weeks;
  let [low, high] = [1, 1e9];
  for (let i = 0; i < 60 && pages(low) > budget; i++) {
    const middle = Math.sqrt(low * high);
    if (pages(middle) > budget) low = middle * (1 + 1e-9);
    else high = middle;
    if (high / low < 1.001) break;
  }
  const meets = pages(low) <= budget ? low : high;
  return {
    method, out_of_the_box: { pages_a_week: pages(DEVIATIONS), recall: recall(all, truth, window, DEVIATIONS) },
    at_budget: { deviations: meets, pages_a_week: pages(meets), recall: recall(all, truth, window, meets) },
  };
}

/** Alarms come stream by stream, in order. */
function openings(found: readonly Alarm[], least: number): number {
  let count = 0;
  let [stream, last]: [Stream | null, Millis] = [null, -Infinity];
  for (const alarm of found) {
    if (alarm.z < least) continue;
    if (alarm.stream !== stream || alarm.hour - last > QUIET) count++;
    [stream, last] = [alarm.stream, alarm.hour];
  }
  return count;
}

function recall(all: readonly Alarm[], truth: Truth, window: { from: Millis; to: Millis }, least: number): number | null {
  const hours = new Map<string, Millis[]>();
  for (const { stream, hour, z } of all) {
    if (z < least) continue;
    if (!hours.has(stream.urn)) hours.set(stream.urn, []);
    hours.get(stream.urn)!.push(hour);
  }
  const labels = truth.misuse().filter(({ start }) => start >= window.from && start < window.to);
  const hit = labels.filter(({ identity, start, end }) => hours.get(identity)?.some((hour) => hour < end && hour + HOUR > start));
  return labels.length === 0 ? null : hit.length / labels.length;
}
