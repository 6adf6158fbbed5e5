/** What in the subjects of pipelines' tokens differs from one run, branch or commit to the next. */
const PASSING: readonly [provider: RegExp, part: RegExp][] = [
  // repo:ORG/REPO:ref:refs/heads/BRANCH; the part after the repository may also name an environment, which lasts.
  [/^token\.actions\.githubusercontent\.com(?:\/|$)/, /:(?:ref:refs\/.*|pull_request)$/],
  // project_path:GROUP/PROJECT:ref_type:branch:ref:BRANCH
  [/(?:^|\.)gitlab\./, /:ref_type:[a-z]+:ref:.*$/],
  // organization:ORG:pipeline:PIPELINE:ref:refs/heads/BRANCH:commit:SHA:step:STEP
  [/^agent\.buildkite\.com$/, /:ref:.*$/],
  // {REPOSITORY}[:{ENVIRONMENT}]:{STEP}
  [/^api\.bitbucket\.org\//, /:\{[^{}:]*\}$/],
  // org/ORG/project/PROJECT/user/USER
  [/^oidc\.circleci\.com\//, /\/user\/.*$/],
  // organization:ORG:project:PROJECT:workspace:WORKSPACE:run_phase:PHASE
  [/^app\.terraform\.io$/, /:run_phase:[a-z]*$/],
];

/** The part of a subject that lasts: the repository, pipeline or workspace; other subjects stay as they are. */
export function lastingSubject(provider: string, subject: string): string {
  for (const [host, part] of PASSING) if (host.test(provider)) return subject.replace(part, '');
  return subject;
}
