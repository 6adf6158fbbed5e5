import { GlobSet } from '../lib/glob.ts';
import type { Used } from './propose-observe.ts';
import { fits } from './propose-yaml.ts';

/** A line of a list: the text of the pattern, and what a person should know of it. */
export interface Line { text: string; note: string }
export interface ProposedActions { plain: Line[]; review: Line[]; unfit: number }

/** From so many different ones on, a group of harmless reads becomes one pattern. */
const GROUP_FROM = 4;

/**
 * Sorts what was used into what may be approved as it is and what a person must decide: sensitive permissions, those that were
 * only ever refused, and names that hold a wildcard, which as a pattern would approve more than was seen. Harmless reads of one
 * kind become one pattern, which never covers anything that is to be reviewed. Most used first, then by name.
 */
export function proposeActions(actions: ReadonlyMap<string, Used>): ProposedActions {
  const review: Line[] = [];
  const plain: Counted[] = [];
  const held: string[] = [];
  let unfit = 0;
  for (const [permission, used] of [...actions].sort(byUse)) {
    const why = reasonToReview(permission, used);
    if (!fits(permission, 512)) unfit++;
    else if (why === null) plain.push({ permission, count: used.count + used.refused });
    else review.push({ text: permission, note: `${used.count > 0 ? `${used.count}×, ` : ''}${why}` });
    if (why !== null) held.push(permission);
  }
  return { plain: grouped(plain, held), review, unfit };
}

interface Counted { permission: string; count: number }

function byUse([a, x]: [string, Used], [b, y]: [string, Used]): number {
  return y.count + y.refused - x.count - x.refused || (a < b ? -1 : 1);
}

function reasonToReview(permission: string, used: Used): string | null {
  const sensitive = used.sensitive?.replaceAll('_', ' ');
  if (/[*?]/.test(permission)) return sensitive === undefined ? 'the name contains a wildcard' : `${sensitive}; the name contains a wildcard`;
  if (sensitive !== undefined) return sensitive;
  return used.count === 0 ? `refused ${used.refused}×` : null;
}

function grouped(plain: readonly Counted[], held: readonly string[]): Line[] {
  const groups = new Map<string, Counted[]>();
  for (const each of plain) {
    const pattern = patternOf(each.permission) ?? each.permission;
    const group = groups.get(pattern);
    if (group) group.push(each);
    else groups.set(pattern, [each]);
  }
  const lines: (Line & { count: number })[] = [];
  for (const [pattern, members] of groups) {
    const glob = members.length < GROUP_FROM ? null : new GlobSet([pattern], { ignoreCase: true });
    if (glob === null || held.some((permission) => glob.test(permission))) {
      lines.push(...members.map(({ permission, count }) => ({ text: permission, note: `${count}×`, count })));
    } else {
      const count = members.reduce((sum, member) => sum + member.count, 0);
      lines.push({ text: pattern, note: `${count}×, ${members.length} different`, count });
    }
  }
  return lines.sort((a, b) => b.count - a.count || (a.text < b.text ? -1 : 1)).map(({ text, note }) => ({ text, note }));
}

/**
 * The pattern that a harmless read may be folded into: API discovery of Kubernetes, its reads of one kind of object over
 * namespaces, and what AWS calls List and Describe. A Get may return a secret, and stays as it is.
 */
function patternOf(permission: string): string | null {
  const discovery = /^k8s:get:nonresource:\/apis?(?:\/[^@]*)?@(.+)$/.exec(permission);
  if (discovery) return `k8s:get:nonresource:/api*@${discovery[1]}`;
  const object = /^(k8s:(?:get|list|watch):[^@*?]+@[^/*?]+)\/[^/*?]+$/.exec(permission);
  if (object) return `${object[1]}/*`;
  const aws = /^(aws:[a-z0-9-]+:(?:List|Describe))[A-Z][A-Za-z0-9]*$/.exec(permission);
  return aws ? `${aws[1]}*` : null;
}
