import { readFileSync } from 'node:fs';
import { detectorsById } from './app.ts';

/** Runbooks of the alerts that Remit raises about itself: files of `docs/runbooks`. */
const OWN: ReadonlySet<string> = new Set([
  'clock-skew', 'coverage-falling', 'events-dropped', 'exception-ending', 'exporter-down', 'page-budget', 'pipeline-stalled', 'reload-failed',
  'series-cap', 'sink-failing', 'source-silent', 'store-degraded', 'verdicts-waiting', 'watchdog',
]);

/** Markdown for whoever an alert woke, by the id of a detector or of an alert of Remit's own; null when there is none of this id. */
export function runbook(id: string): string | null {
  const path = detectorsById.has(id) ? `./detectors/${id}/README.md` : OWN.has(id) ? `../../docs/runbooks/${id}.md` : null;
  if (path === null) return null;
  try {
    return readFileSync(new URL(path, import.meta.url), 'utf8');
  } catch {
    return null;
  }
}
