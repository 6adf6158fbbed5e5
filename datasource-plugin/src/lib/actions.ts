import { ActionType, HttpRequestMethod, locationUtil, type Action } from '@grafana/data';
import { t } from '@grafana/i18n';

/** Where words on findings are sent, and who says them. */
export interface VerdictTarget {
  /** Absolute address of the data source in Grafana's proxy. */
  proxy: string;
  /** Login of the user; recorded as claimed. */
  user?: string;
}

/**
 * The target for the user of this page, or none for those to whom Grafana's proxy refuses the writing route. Who may say a word is decided there and by
 * Remit; this only keeps buttons away that could not work.
 */
export function verdictTarget(url: string | undefined): VerdictTarget | undefined {
  const { orgRole, isGrafanaAdmin } = bootUser();
  const may = orgRole === 'Editor' || orgRole === 'Admin' || isGrafanaAdmin === true;
  return may && url?.startsWith('/') ? { proxy: `${window.location.origin}${locationUtil.assureBaseUrl(url)}`, user: claimedUser() } : undefined;
}

/** The login of the user of this page, or nothing where nobody is logged in. Whoever records it says that it was claimed. */
export function claimedUser(): string | undefined {
  const { login } = bootUser();
  return login && !TEMPLATE.test(login) ? login : undefined;
}

interface BootUser {
  login?: string;
  orgRole?: string;
  isGrafanaAdmin?: boolean;
}

// Read where Grafana's page puts it: the type of `config`, which holds the same, is another one in each version.
function bootUser(): BootUser {
  return (window as { grafanaBootData?: { user?: BootUser } }).grafanaBootData?.user ?? {};
}

/** A login that Grafana would take for a template is not sent. */
const TEMPLATE = /[$[]/;

/** What a person may say of a finding from a cell of a table, after being asked again. `field` is the column that holds its id. */
export function findingActions({ proxy, user }: VerdictTarget, field: string): Action[] {
  const claimed = user && !TEMPLATE.test(user) ? { claimed_user: user } : {};
  const say = (state: string, title: string, confirmation: string): Action => ({
    type: ActionType.Fetch, title, confirmation,
    [ActionType.Fetch]: {
      method: HttpRequestMethod.POST, url: `${proxy}/write/\${__data.fields["${field}"]:percentencode}/verdict`, body: JSON.stringify({ state, ...claimed }), headers: [['Content-Type', 'application/json']],
    },
  });
  return [
    say('acknowledged', t('verdicts.acknowledge', 'Acknowledge'), t('verdicts.ask-acknowledged', 'The page for this finding ends. The finding stays open for you.')),
    say('benign', t('verdicts.benign', 'Confirm benign'), t('verdicts.ask-benign', 'The finding is closed, and what it covers is learned as normal.')),
    say('bad', t('verdicts.bad', 'Confirm bad'), t('verdicts.ask-bad', 'The finding is closed as bad. What it covers is never learned.')),
  ];
}
