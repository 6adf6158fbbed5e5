import { text, type Json } from './fields.ts';

/** What an entry `api.request` asked for. */
export interface Route {
  /** In upper case; empty where the entry tells none of HTTP's. */
  method: string;
  /** As GitHub documents it: `/repos/{owner}/{repo}/pulls`. Read from a path, what is none of GitHub's words is `*`. Empty where nothing tells it. */
  template: string;
  /** The path of this request, by segment; empty where it is not told. */
  path: readonly string[];
}

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
const LONGEST = 256;
/** GitHub's longest routes have eleven segments. */
const DEEPEST = 12;

/** The method, the template and the path of a request. */
export function routeOf(record: Json): Route {
  const method = text(record['http_method'] ?? record['request_method'], 16)?.toUpperCase() ?? '';
  const path = segmentsOf(record['url_path'] ?? record['request_path']);
  const route = segmentsOf(record['route']);
  const template = route.length === 0 ? ofPath(path) : route.some(isVariable) ? ofRoute(route) : ofPath(route);
  return { method: METHODS.has(method) ? method : '', template: template.length > LONGEST ? '' : template, path };
}

/** Without the query, and without what GitHub Enterprise Server puts before its paths. */
function segmentsOf(value: unknown): string[] {
  const whole = text(value, 1024) ?? '';
  if (!whole.startsWith('/')) return [];
  const end = whole.search(/[?#]/);
  const segments = (end < 0 ? whole : whole.slice(0, end)).split('/', DEEPEST + 4).slice(1).filter((segment) => segment !== '');
  if (segments[0] === 'api') segments.splice(0, segments[1] === 'v3' ? 2 : 1);
  return segments.slice(0, DEEPEST);
}

function isVariable(segment: string): boolean {
  return segment.includes('{') || segment.startsWith(':');
}

/** GitHub spells what varies `:name` or `{name}`, and names repositories and organisations by id or by name. */
function ofRoute(segments: readonly string[]): string {
  const [first = '', second = ''] = segments;
  const long = isVariable(second) ? BY_ID.get(first) : undefined;
  const rest = (long === undefined ? segments : segments.slice(2)).map((segment) => {
    if (!isVariable(segment)) return WORD.test(segment) ? segment : '*';
    const name = VARIABLE.exec(segment);
    return name ? '{' + (name[1] ?? name[2]) + '}' : '*';
  });
  return (long ?? '') + rest.map((segment) => '/' + segment).join('');
}

const WORD = /^[A-Za-z][\w.-]{0,39}$/;
const VARIABLE = /^(?::(\w{1,40})|\{(\w{1,40})\})$/;
const BY_ID = new Map([['repositories', '/repos/{owner}/{repo}'], ['organizations', '/orgs/{org}']]);

/** By GitHub's own words, so that no name or id of the caller's gets in; what follows a word of `TAILS` is one name. */
function ofPath(segments: readonly string[]): string {
  const [first = ''] = segments;
  const named = segments.length > 1 ? NAMED.get(first) : undefined;
  const rest = segments.slice(named?.length);
  let template = named?.template ?? '';
  for (const segment of rest) {
    template += '/' + (WORDS.has(segment) ? segment : '*');
    if (TAILS.has(segment)) return segment === rest[rest.length - 1] ? template : template + '/*';
  }
  return template;
}

/** How many segments of the path of a request name whose it is: a word, and a name or two. */
export function ownerLength(path: readonly string[]): number {
  return NAMED.get(path[0] ?? '')?.length ?? 0;
}

const NAMED = new Map([
  ['repos', { length: 3, template: '/repos/{owner}/{repo}' }], ['repositories', { length: 2, template: '/repos/{owner}/{repo}' }],
  ['orgs', { length: 2, template: '/orgs/{org}' }], ['organizations', { length: 2, template: '/orgs/{org}' }],
  ['enterprises', { length: 2, template: '/enterprises/{enterprise}' }], ['users', { length: 2, template: '/users/{username}' }],
]);
const TAILS = new Set(['contents', 'zipball', 'tarball', 'compare', 'ref', 'refs', 'matching-refs', 'labels']);
const WORDS = new Set(`
  access access-tokens access_tokens account actions activity admin advisories alerts analyses app app-manifests applications approve archive artifacts assignees
  attempts attestations audit-log autolinks billing blobs blocks branches cache caches cancel check-runs check-suites code-quality code-scanning code_search
  codespaces codeowners collaborators comments commits compare config contents contributors conversions copilot credential-authorizations
  custom_properties dependabot dependency-graph deployments deliveries disable discussions dispatches dismiss dismissals downloads emojis enable
  enforce_admins enterprises environments events external-groups feeds followers following forks gists git gitignore gpg_keys grant graphql hook hooks
  hosted-runners immutable-releases installation installations interaction-limits invitations issues jobs keys labels languages latest licenses lock
  logs manage mappings markdown matching-refs memberships members merge merges meta migrations milestones notifications oidc organization-roles
  organizations orgs outside_collaborators packages pages pending_deployments permission permissions personal-access-token-requests
  personal-access-tokens pings private-vulnerability-reporting projects projectsV2 properties protection public public-key public_members
  public_keys pulls rate_limit raw reactions readme ref refs registration-token releases remove-token rename repos repositories
  repository_invitations requested_reviewers required_pull_request_reviews required_status_checks rerun rerun-failed-jobs restrictions restore review
  reviews roles rulesets runner-groups runners generate-jitconfig runs sarifs sbom scim scoped search secret-scanning secrets security-advisories
  security-managers selected-actions ssh_signing_keys starred stargazers statistics stats status statuses streams subscribers subscription
  subscriptions suspended tags tarball teams templates tests threads timeline timing token topics traffic transfer trees user usage users variables
  versions views visibility vulnerability-alerts workflow workflows zipball`.trim().split(/\s+/));
