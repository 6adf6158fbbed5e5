import type { Category } from '@remit/contract';

/** What the verb of an action does not tell. Everything else goes by patterns, by `operation_type`, by its verb. */
const TABLE: Partial<Record<Category, string>> = {
  credential_create: `
    public_key.create public_key.update public_key.verify deploy_key.create ssh_certificate_authority.create oauth_access.create
    oauth_access.regenerate personal_access_token.create personal_access_token.request_created personal_access_token.access_granted
    personal_access_token.access_restored personal_access_token.regenerate integration_installation.create
    integration_installation.unsuspend user.change_password business.recovery_codes_generated org.recovery_codes_generated
    repo.configure_self_hosted_jit_runner org.configure_self_hosted_jit_runner enterprise.configure_self_hosted_jit_runner`,
  authz_grant: `
    org.add_member org.invite_member org.invite_user org.update_member org.add_outside_collaborator org.add_billing_manager
    org.update_default_repository_permission org.update_member_repository_creation_permission org.add_security_manager
    org.set_default_workflow_permissions org.set_actions_fork_pr_approvals_policy org.reinstate_member org.oauth_app_access_approved
    org.integration_manager_added org.codespaces_trusted_repo_access_granted org.codespaces_team_access_allowed
    org.codespaces_user_access_allowed org.runner_group_created org.runner_group_visiblity_updated org.runner_group_visibility_updated
    org.add_organization_to_business invite_member organization_moderators.add_user organization_moderators.add_team
    organization_role.create organization_role.update organization_role.assign custom_role.create custom_role.update role.create role.update
    repo.add_member repo.update_member repo.invite_member repo.add_team repo.set_default_workflow_permissions
    repo.update_actions_access_settings repo.set_actions_fork_pr_approvals_policy repo.set_workflow_permission_can_approve_pr
    repository_invitation.create repository_invitation.accept team.add_member team.add_repository team.update_repository_permission
    team.promote_maintainer team.change_parent_team business.add_admin business.invite_admin business.add_billing_manager
    business.add_organization business.add_support_entitlee business.update_default_repository_permission_setting
    business.set_actions_fork_pr_approvals_policy enterprise_role.assign enterprise_team.add_member
    integration_installation.repositories_added integration_installation.version_updated integration_installation_request.create
    integration.manager_added oauth_authorization.create org_credential_authorization.grant org_credential_authorization.authorize
    actions_oidc_custom_issuer_policy.update external_group.link packages.package_access_granted project.update_user_permission
    project.update_team_permission project.update_org_permission`,
  share: `
    repo.access repo.transfer repo.transfer_start repo.transfer_outgoing repo.pages_public repo.pages_create repo.change_visibility
    project.access project.visibility_public packages.package_visibility_changed gist.visibility_change org.transfer
    oauth_application.transfer integration.transfer`,
  export: `
    org.audit_log_export org.audit_log_git_event_export business.audit_log_export business.audit_log_git_event_export repo.download_zip
    org.export_dependency_insights business.export_members migration.create migration.download org_migration.create artifact.download`,
  execute_tool: `
    workflows.created_workflow_run workflows.completed_workflow_run workflows.rerun_workflow_run workflows.prepared_workflow_job
    workflows.rerun_workflow_job codespaces.create codespaces.connect codespaces.export_environment`,
  message_send: `
    issue_comment.create commit_comment.create pull_request_review_comment.create pull_request_review.submit discussion_comment.create
    discussion.create team_discussion.create discussion_post.create discussion_post_reply.create`,
  ticket_create: `
    issue.create issues.create`,
  read: `
    git.clone git.fetch repo.view_traffic`,
  write: `
    git.push repo.create repo.rename repo.archived repo.unarchived team.create org.create`,
  authn: `
    user.login user.logout user.failed_login user.session_create org.sso_response business.sso_response user.two_factor_challenge_failure
    user.two_factor_recover user.correct_password_from_unrecognized_device user.correct_password_from_unrecognized_device_and_location
    sso_redirect.create`,
  admin: `
    org.update_saml_provider_settings org.saml_enabled org.saml_disabled org.enable_saml org.disable_saml org.remove_member
    ip_allow_list_entry.create ip_allow_list_entry.update ip_allow_list_entry.destroy protected_branch.create protected_branch.destroy
    protected_branch.policy_override protected_branch.rejected_ref_update repository_ruleset.create repository_ruleset.update
    repository_ruleset.destroy repo.register_self_hosted_runner org.register_self_hosted_runner enterprise.register_self_hosted_runner
    hook.create hook.config_changed hook.events_changed hook.active_changed hook.destroy audit_log_streaming.create
    audit_log_streaming.update audit_log_streaming.destroy audit_log_streaming.check personal_access_token.request_denied
    personal_access_token.request_cancelled personal_access_token.expiration_limit_set repository_vulnerability_alert.dismiss
    secret_scanning_alert.create secret_scanning_alert.resolve code_scanning.alert_closed_by_user integration_installation.suspend
    integration_installation.repositories_removed workflows.approve_workflow_job workflows.reject_workflow_job workflows.enable_workflow
    workflows.disable_workflow workflows.cancel_workflow_run workflows.bypass_protection_rules`,
};

/** Changes of where the log or the events of repositories go, and of what is scanned for, and logs of runs that are removed; adding more of it watches more. */
const WATCHED = `
  audit_log_streaming.update audit_log_streaming.destroy hook.config_changed hook.events_changed hook.active_changed hook.destroy
  repository_vulnerability_alert.dismiss org.audit_log_api_requests_disabled business.audit_log_api_requests_disabled
  business.disable_source_ip_disclosure org.disable_source_ip_disclosure code_scanning.alert_closed_by_user code_scanning.alerts_deleted
  secret_scanning_alert.resolve secret_scanning_push_protection.bypass business_secret_scanning_custom_pattern.delete
  checks.delete_logs checks.auto_trigger_disabled workflows.delete_workflow_run
  org_secret_scanning_custom_pattern.delete repository_secret_scanning_custom_pattern.delete`;

/** Category by action, in lower case. */
export const EXACT: ReadonlyMap<string, Category> = new Map(
  Object.entries(TABLE).flatMap(([category, names]) => words(names).map((name) => [name, category as Category] as const)),
);
/** Actions that change what is watched. */
export const MONITORING: ReadonlySet<string> = new Set(words(WATCHED));

function words(names: string): string[] {
  return names.trim().split(/\s+/);
}
