import type { SpanAttributes } from './attributes.ts';

/** Longest `tracestate` that W3C asks to be carried on. */
const LONGEST_STATE = 512;
/** A threshold has 56 bits: 14 hex digits, of which the last zeros may be left out. */
const THRESHOLD_DIGITS = 14;
const WHOLE = 2 ** 56;

/**
 * The share of traces that the emitter says it keeps, in (0, 1), to six digits; undefined when all are kept or nothing is said. Where several say it,
 * the smallest counts. Silence proves nothing: tail samplers leave no mark.
 */
export function sampleRate(traceState: unknown, attributes: SpanAttributes): number | undefined {
  let rate = 1;
  if (typeof traceState === 'string' && traceState !== '' && traceState.length <= LONGEST_STATE) rate = ofState(traceState);
  if (attributes.get('sampler.type') === 'probabilistic') rate = Math.min(rate, share(attributes.get('sampler.param')));
  rate = Math.min(rate, share(attributes.get('sampling.probability')));
  const oneIn = number(attributes.get('SampleRate'));
  if (oneIn > 1) rate = Math.min(rate, 1 / oneIn);
  const rounded = Number(rate.toPrecision(6));
  return rounded > 0 && rounded < 1 ? rounded : undefined;
}

/** From the member `ot`: the threshold `th` of consistent sampling, or the older `p`, the power of two that one trace stands for. */
function ofState(state: string): number {
  for (const member of state.split(',')) {
    const own = member.trim();
    if (!own.startsWith('ot=')) continue;
    for (const part of own.slice(3).split(';')) {
      const value = part.slice(part.indexOf(':') + 1);
      if (part.startsWith('th:')) return ofThreshold(value);
      // 63 means that the span was kept for another reason than chance.
      if (part.startsWith('p:') && /^\d{1,2}$/.test(value) && Number(value) < 63) return 2 ** -Number(value);
    }
  }
  return 1;
}

function ofThreshold(value: string): number {
  if (value.length > THRESHOLD_DIGITS || !/^[0-9a-f]+$/.test(value)) return 1;
  return 1 - Number.parseInt(value.padEnd(THRESHOLD_DIGITS, '0'), 16) / WHOLE;
}

function share(value: string | undefined): number {
  const given = number(value);
  return given > 0 && given < 1 ? given : 1;
}

/** NaN for what is no plain number. */
function number(value: string | undefined): number {
  return value !== undefined && value.length <= 32 ? Number(value) : NaN;
}
