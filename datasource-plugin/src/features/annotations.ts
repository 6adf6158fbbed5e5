import { map, of, type Observable } from 'rxjs';
import type { AnnotationEvent, AnnotationQuery, AnnotationSupport, DataFrame } from '@grafana/data';
import { QueryEditor } from '../editors/QueryEditor';
import { migrateQuery } from '../lib/migrate';
import type { RemitQuery } from '../types';

const COLORS: Record<string, string> = { critical: 'red', warning: 'orange', info: 'blue' };

/** Findings drawn over other panels, each as the span of its events, in the colour of its severity. */
export const annotations: AnnotationSupport<RemitQuery> = {
  QueryEditor,
  getDefaultQuery: () => ({ kind: 'findings', format: 'annotations', limit: 200 }),
  prepareAnnotation: (json: AnnotationQuery<RemitQuery>) => ({ ...json, target: { ...migrateQuery(json.target ?? {}), refId: 'Anno', kind: 'findings', format: 'annotations' } }),
  prepareQuery: ({ target }) => (target === undefined ? undefined : { ...migrateQuery(target), refId: 'Anno', kind: 'findings', format: 'annotations', live: undefined }),
  processEvents: (_, data): Observable<AnnotationEvent[]> => of(data).pipe(map((frames) => frames.flatMap(eventsOf))),
};

function eventsOf(frame: DataFrame): AnnotationEvent[] {
  const column = (name: string): unknown[] => frame.fields.find((field) => field.name === name)?.values ?? [];
  const [time, end, title, text, tags, id, severity] = ['time', 'timeEnd', 'title', 'text', 'tags', 'id', 'severity'].map(column);
  return Array.from({ length: frame.length }, (_, row): AnnotationEvent => {
    const from = Number(time?.[row]);
    const until = Number(end?.[row] ?? from);
    const level = String(severity?.[row]);
    return {
      id: String(id?.[row]), time: from, ...(until > from ? { timeEnd: until, isRegion: true } : {}), title: String(title?.[row] ?? ''), text: String(text?.[row] ?? ''),
      tags: Array.isArray(tags?.[row]) ? (tags[row] as unknown[]).map(String) : [], color: Object.hasOwn(COLORS, level) ? COLORS[level] : 'text',
    };
  });
}
