import type { Format } from './exposition.ts';

const LONGEST = 4096;

/** The format a scraper asks for by its Accept header: OpenMetrics 1.0.0 where it is named and preferred, else text 0.0.4. */
export function negotiate(accept: string | undefined): Format {
  let openmetrics = 0;
  let text = 0;
  for (const part of (accept ?? '').slice(0, LONGEST).toLowerCase().split(',')) {
    const [type = '', ...parameters] = part.split(';').map((p) => p.trim());
    const version = parameter(parameters, 'version');
    const q = Number(parameter(parameters, 'q') ?? '1');
    const weight = Number.isFinite(q) ? q : 0;
    if (type === 'application/openmetrics-text' && (version === undefined || version === '1.0.0')) openmetrics = Math.max(openmetrics, weight);
    if (type === 'text/plain' && (version === undefined || version === '0.0.4')) text = Math.max(text, weight);
  }
  return openmetrics > 0 && openmetrics >= text ? 'openmetrics' : 'text';
}

/** True when the scraper takes gzip, by its Accept-Encoding header. */
export function acceptsGzip(header: string | undefined): boolean {
  return (header ?? '').slice(0, LONGEST).toLowerCase().split(',').some((part) => {
    const [coding = '', ...parameters] = part.split(';').map((p) => p.trim());
    return coding === 'gzip' && Number(parameter(parameters, 'q') ?? '1') > 0;
  });
}

function parameter(parameters: readonly string[], name: string): string | undefined {
  const found = parameters.find((p) => p.startsWith(`${name}=`));
  return found?.slice(name.length + 1).replace(/^"(.*)"$/, '$1');
}
