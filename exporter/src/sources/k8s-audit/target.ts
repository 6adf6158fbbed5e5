import { Memo, text, type Json } from './fields.ts';

/** What a request is aimed at: a resource of the API, or a path beside it. */
export interface Target {
  verb: string;
  /** API group, `core` for the one without a name; empty for a path. */
  group: string;
  resource: string;
  subresource: string;
  namespace: string;
  name: string;
  /** Of a request for no resource, without its query; empty for a resource. */
  path: string;
  /** The path with what varies in it replaced, for names that must stay few. */
  template: string;
  /** What follows `/proxy/` in a request through a node, pod or service. */
  proxied: string;
}

const LONGEST = 128;
const LONGEST_NAME = 253;
/** First segments under which paths are kept apart; all others are `/*`, so that a scanner cannot flood the action names. */
const KNOWN_PATHS = new Set([
  '', 'api', 'apis', 'healthz', 'livez', 'readyz', 'version', 'openapi', 'metrics', 'logs', 'debug', '.well-known', 'swagger.json',
  'swagger-2.0.0.pb-v1', 'swaggerapi', 'ui', 'statusz', 'flagz', 'configz', 'exec', 'run', 'pods',
]);

/** The target of an audit event: `objectRef`, else what `requestURI` says, which is all there is for some lists. */
export function targetOf(verb: string, reference: Json | undefined, uri: string): Target {
  const path = pathOf(uri);
  const resource = text(reference?.['resource'], LONGEST);
  if (reference === undefined || resource === '') return fromPath(verb, path);
  const subresource = text(reference['subresource'], LONGEST);
  return {
    verb, resource, subresource,
    group: text(reference['apiGroup'], LONGEST) || 'core',
    namespace: text(reference['namespace'], LONGEST_NAME),
    name: text(reference['name'], LONGEST_NAME),
    path: '', template: '',
    proxied: subresource === 'proxy' ? afterProxy(path) : '',
  };
}

/**
 * The target named by a path of the API, `/api/v1/…` or `/apis/GROUP/VERSION/…`. `resource`, where it is known from elsewhere,
 * tells a namespace's subresource from a list inside it.
 */
export function fromPath(verb: string, path: string, resource?: string): Target {
  const template = TEMPLATES.get(path);
  if (template !== undefined) return beside(verb, path, template);
  const parts = path.split('/', 12);
  const core = parts[1] === 'api';
  let at = core ? 3 : 4;
  if ((!core && parts[1] !== 'apis') || !parts[at]) return beside(verb, path, TEMPLATES.set(path, templateOf(path)));
  if (parts[at] === 'watch' && parts[at + 1]) at++;
  // Kubernetes itself takes a namespace to lie inside itself.
  const namespace = parts[at] === 'namespaces' ? text(parts[at + 1] ?? '', LONGEST_NAME) : '';
  const inside = parts[at + 2];
  if (parts[at] === 'namespaces' && inside && inside !== 'status' && inside !== 'finalize' && resource !== 'namespaces') {
    at += 2;
  }
  return {
    verb,
    group: core ? 'core' : text(parts[2], LONGEST),
    resource: text(parts[at], LONGEST),
    name: text(parts[at + 1] ?? '', LONGEST_NAME),
    subresource: text(parts[at + 2] ?? '', LONGEST),
    namespace, path: '', template: '',
    proxied: parts[at + 2] === 'proxy' ? parts[at + 3] ?? '' : '',
  };
}

/** The canonical permission: `k8s:get:core/secrets@prod/billing`, `k8s:get:nonresource:/healthz@prod`. */
export function permissionOf(target: Target, cluster: string): string {
  if (target.path !== '') return 'k8s:' + target.verb + ':nonresource:' + target.template + '@' + cluster;
  const kind = typeOf(target);
  return 'k8s:' + target.verb + ':' + kind + '@' + cluster + (target.namespace === '' ? '' : '/' + target.namespace);
}

/** The kind of target: `core/secrets`, `core/pods/exec`, `nonresource`. */
export function typeOf(target: Target): string {
  if (target.path !== '') return 'nonresource';
  return target.group + '/' + target.resource + (target.subresource === '' ? '' : '/' + target.subresource);
}

/** One target as an id: `core/secrets/billing/db@prod`. Namespace and name keep their places when they are empty. */
export function uidOf(target: Target, cluster: string): string {
  if (target.path !== '') return 'nonresource:' + target.template + '@' + cluster;
  const { group, resource, namespace, name, subresource } = target;
  return group + '/' + resource + '/' + namespace + '/' + name + (subresource === '' ? '' : '/' + subresource) + '@' + cluster;
}

function pathOf(uri: string): string {
  const query = uri.indexOf('?');
  return query < 0 ? uri : uri.slice(0, query);
}

function afterProxy(path: string): string {
  const at = path.indexOf('/proxy/');
  if (at < 0) return '';
  const end = path.indexOf('/', at + 7);
  return text(end < 0 ? path.slice(at + 7) : path.slice(at + 7, end), LONGEST);
}

const TEMPLATES = new Memo<string>(2048);

function beside(verb: string, path: string, template: string): Target {
  return { verb, group: '', resource: '', subresource: '', namespace: '', name: '', path: text(path, LONGEST_NAME) || '/', template, proxied: '' };
}

/** At most four segments, none of them an id, under a known first one. */
function templateOf(path: string): string {
  const parts = path.split('/', 6);
  if (!KNOWN_PATHS.has(parts[1] ?? '')) return '/*';
  let template = '';
  for (let i = 1; i < parts.length; i++) {
    if (i === 5) return template + '/*';
    template += '/' + (isId(parts[i]!) ? '*' : parts[i]!);
  }
  return template || '/';
}

/** Numbers, hashes, UUIDs and anything long. */
function isId(segment: string): boolean {
  if (segment.length > 64) return true;
  let digits = 0;
  let others = 0;
  for (let i = 0; i < segment.length; i++) {
    const c = segment.charCodeAt(i);
    if (c >= 48 && c <= 57) digits++;
    else if (!((c >= 97 && c <= 102) || (c >= 65 && c <= 70) || c === 45)) others++;
  }
  return others === 0 && digits > 0 && (segment.length >= 8 || digits === segment.length);
}

