/** Uid and short name of each Grafana dashboard of Remit. A uid is part of links in alerts and of people's bookmarks: it never changes. */
export const DASHBOARDS = {
  fleet: { uid: 'remit-fleet', name: 'Fleet' },
  identity: { uid: 'remit-identity', name: 'Identity' },
  agents: { uid: 'remit-agents', name: 'AI agents and tools' },
  secrets: { uid: 'remit-cicd-and-secrets', name: 'CI/CD and secrets' },
  thirdParty: { uid: 'remit-third-party', name: 'Third-party integrations' },
  lifecycle: { uid: 'remit-lifecycle-and-coverage', name: 'Lifecycle and coverage' },
  quality: { uid: 'remit-alert-quality', name: 'Alert quality' },
  itself: { uid: 'remit-itself', name: 'Remit itself' },
} as const;

export type DashboardName = keyof typeof DASHBOARDS;
export type Uid = (typeof DASHBOARDS)[DashboardName]['uid'];

/** Detectors whose findings have a dashboard about their subject; all others are read on the dashboard of the identity. */
const SUBJECTS: Readonly<Record<string, DashboardName>> = {
  'off-purpose-sequence': 'agents', 'unusual-sequence': 'agents',
  'secret-outside-rotation': 'secrets', 'credential-overdue': 'secrets', 'credential-reuse': 'secrets',
  'export-over-limit': 'thirdParty', 'export-volume': 'thirdParty',
  'shadow-identity': 'lifecycle', 'unowned-active': 'lifecycle', 'inventory-stale': 'lifecycle', 'identity-silent': 'lifecycle', 'recreated-identity': 'lifecycle',
};

/** Uid of the dashboard on which a finding of this detector is read first; what an alert's `dashboard_url` leads to. Each of them takes `var-identity` and `var-owner`. */
export function dashboardOf(detector: string): Uid {
  return DASHBOARDS[Object.hasOwn(SUBJECTS, detector) ? SUBJECTS[detector] ?? 'identity' : 'identity'].uid;
}
