/** Metric catalogue: filled below by family. */
export interface MetricFamily {
  name: string; type: 'counter' | 'gauge' | 'histogram'; help: string; unit: string; labels: readonly string[];
}
export const METRICS: readonly MetricFamily[] = [];
