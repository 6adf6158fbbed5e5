import type { Category } from '@remit/contract';
import type { Action } from './actions.ts';
import { ownerLength, routeOf } from './routes.ts';
import { text, type Json } from './fields.ts';

/** A request to GitHub's API as one of the actions, and what its path names. */
export interface Request {
  action: Action;
  /** `owner/name`, or undefined. */
  repo: string | undefined;
  repoId: string | undefined;
  /** What `resourcesOf` reads of an audit event, as far as the path tells it. */
  facts: Json;
}

type Kind = Pick<Action, 'category' | 'activity' | 'monitoring' | 'secret' | 'readOnly'>;
interface Rule { methods: string; path: RegExp; category: Category; monitoring?: string }

const CHANGES = 'POST PUT PATCH';
/**
 * Routes that do what the table of actions has a category for: first match. `monitoring` are the methods by which less, or something
 * else, is watched. The paths are matched against templates of bounded length.
 */
const RULES: readonly Rule[] = [
  { methods: 'GET', path: /\/(?:tarball|zipball|archive|migrations?\/[^/]+\/archive|audit-log|sbom)(?:\/|$)|\/actions\/artifacts\/[^/]+\/[^/]+$/, category: 'export' },
  { methods: 'POST', path: /\/migrations$/, category: 'export' },
  { methods: CHANGES, path: /\/secrets\/[^/]+(?:\/repositories(?:\/[^/]+)?)?$/, category: 'credential_create' },
  { methods: CHANGES, path: /\/(?:keys|gpg_keys|ssh_signing_keys|access_tokens|registration-token|generate-jitconfig)$/, category: 'credential_create' },
  { methods: CHANGES, path: /^\/app-manifests\/[^/]+\/conversions$|\/applications\/[^/]+\/token\/scoped$|\/personal-access-token-requests(?:\/[^/]+)?$/, category: 'credential_create' },
  { methods: 'PATCH', path: /\/applications\/[^/]+\/token$/, category: 'credential_create' },
  { methods: CHANGES, path: /\/(?:collaborators|outside_collaborators|memberships)\/[^/]+$|\/invitations$|^\/user\/repository_invitations\/[^/]+$/, category: 'authz_grant' },
  { methods: CHANGES, path: /\/teams?\/(?:[^/]+\/)+(?:repos(?:\/[^/]+){1,2}|members\/[^/]+)$|\/security-managers\/teams\/[^/]+$/, category: 'authz_grant' },
  { methods: CHANGES, path: /\/organization-roles(?:\/(?:users|teams)\/[^/]+)?(?:\/[^/]+)?$|\/installations\/[^/]+\/repositories\/[^/]+$/, category: 'authz_grant' },
  { methods: CHANGES, path: /\/actions\/permissions\/(?:workflow|access)$|\/actions\/runner-groups(?:\/|$)/, category: 'authz_grant' },
  { methods: 'POST PUT PATCH DELETE', path: /\/hooks(?:\/[^/]+(?:\/config)?)?$|^\/app\/hook\/config$|\/audit-log\/streams(?:\/[^/]+)?$/, category: 'admin', monitoring: 'PUT PATCH DELETE' },
  { methods: 'POST PUT PATCH DELETE', path: /\/branches\/[^/]+\/protection(?:\/|$)|\/rulesets(?:\/[^/]+)?$/, category: 'admin' },
  { methods: 'PUT DELETE', path: /\/vulnerability-alerts$/, category: 'admin', monitoring: 'DELETE' },
  { methods: 'PATCH', path: /\/(?:secret-scanning|code-scanning|dependabot)\/alerts\/[^/]+$/, category: 'admin', monitoring: 'PATCH' },
  { methods: 'DELETE', path: /\/actions\/runs\/[^/]+(?:\/logs)?$/, category: 'delete', monitoring: 'DELETE' },
  { methods: 'POST', path: /^\/repos\/[^/]+\/[^/]+\/(?:transfer|pages)$/, category: 'share' },
  { methods: 'POST', path: /\/dispatches$|\/actions\/(?:runs|jobs)\/[^/]+\/rerun(?:-failed-jobs)?$|\/codespaces$/, category: 'execute_tool' },
  { methods: 'POST', path: /\/comments(?:\/[^/]+\/replies)?$|\/pulls\/[^/]+\/reviews$|\/discussions$/, category: 'message_send' },
  { methods: 'POST', path: /\/issues$/, category: 'ticket_create' },
];
const BY_METHOD = new Map<string, Category>([['GET', 'read'], ['HEAD', 'read'], ['OPTIONS', 'read'], ['DELETE', 'delete']]);
const ACTIVITIES = new Map([['GET', 2], ['HEAD', 2], ['OPTIONS', 2], ['POST', 1], ['PUT', 3], ['PATCH', 3], ['DELETE', 4]]);
const OTHER = 99;
const UPDATE = 3;
const MOST = 4096;
const known = new Map<string, Kind>();

/** The request behind an entry of this action, which stands for all requests. */
export function requestOf(record: Json, action: Action): Request {
  const { method, template, path } = routeOf(record);
  const operation = action.name + (method === '' && template === '' ? '' : ':' + (method || '*')) + (template === '' ? '' : ':' + template);
  const own = path.slice(ownerLength(path));
  const [first, second, third] = path;
  return {
    action: { ...action, ...kindOf(method, template), operation },
    repo: first === 'repos' && third !== undefined ? text(second + '/' + third, 256) : undefined,
    repoId: first === 'repositories' && second !== undefined && /^\d{1,20}$/.test(second) ? second : undefined,
    facts: {
      user: next(own, 'collaborators') ?? next(own, 'memberships') ?? next(own, 'outside_collaborators') ?? (own[0] === 'organization-roles' ? next(own, 'users') : undefined),
      key: next(own, 'secrets'), environment_name: next(own, 'environments'),
    },
  };
}

function next(segments: readonly string[], word: string): string | undefined {
  const at = segments.indexOf(word);
  return at < 0 ? undefined : segments[at + 1];
}

function kindOf(method: string, template: string): Kind {
  const key = method + template;
  const found = known.get(key);
  if (found) return found;
  const kind = classify(method, template);
  if (known.size >= MOST) known.clear();
  known.set(key, kind);
  return kind;
}

function classify(method: string, template: string): Kind {
  // Whether it reads or writes stands in its body; what a mutation does has an entry of its own.
  if (template === '/graphql') return { category: 'read', activity: OTHER, monitoring: false, secret: false, readOnly: false };
  const rule = RULES.find(({ methods, path }) => method !== '' && methods.split(' ').includes(method) && path.test(template));
  const category = rule?.category ?? BY_METHOD.get(method) ?? 'write';
  return {
    category, activity: ACTIVITIES.get(method) ?? UPDATE,
    monitoring: rule?.monitoring?.split(' ').includes(method) ?? false,
    secret: /\/secrets\/[^/]+$/.test(template) && (category === 'credential_create' || category === 'delete'),
    readOnly: category === 'read',
  };
}
