import type { Category } from '@remit/contract';

/**
 * What the verb of a name does not tell, by service (as IAM spells it) and operation (without API date). Everything else goes
 * by its verb. A resource policy that can let another account in is `share`; a right inside the account is `authz_grant`.
 */
const TABLE: Partial<Record<Category, string>> = {
  credential_create: `
    iam: CreateAccessKey CreateLoginProfile UpdateLoginProfile ChangePassword UploadSSHPublicKey UploadSigningCertificate
      UploadServerCertificate CreateServiceSpecificCredential ResetServiceSpecificCredential CreateVirtualMFADevice
    sts: GetFederationToken
    secretsmanager: CreateSecret PutSecretValue UpdateSecret RotateSecret
    ssm: PutParameter CreateActivation
    ec2: CreateKeyPair ImportKeyPair
    ec2-instance-connect: SendSSHPublicKey SendSerialConsoleSSHPublicKey
    lightsail: CreateKeyPair ImportKeyPair
    iot: CreateKeysAndCertificate CreateCertificateFromCsr RegisterCertificate
    acm-pca: IssueCertificate
    apigateway: CreateApiKey ImportApiKeys
    appsync: CreateApiKey
    cognito-idp: AdminSetUserPassword CreateUserPoolClient
    transfer: ImportSshPublicKey`,
  credential_use: `
    sts: AssumeRole AssumeRoleWithSAML AssumeRoleWithWebIdentity AssumeRoot GetSessionToken GetServiceBearerToken GetDelegatedAccessToken
    signin: AssumeRole GetSigninToken CreateOAuth2Token
    sso: CreateToken CreateTokenWithIAM GetRoleCredentials
    secretsmanager: GetSecretValue BatchGetSecretValue GetRandomPassword
    ec2: GetPasswordData
    eks-auth: AssumeRoleForPodIdentity
    rolesanywhere: CreateSession
    ecr: GetAuthorizationToken
    ecr-public: GetAuthorizationToken
    codeartifact: GetAuthorizationToken
    redshift: GetClusterCredentials GetClusterCredentialsWithIAM
    redshift-serverless: GetCredentials
    rds-db: Connect
    cognito-identity: GetCredentialsForIdentity GetOpenIdToken GetOpenIdTokenForDeveloperIdentity
    lightsail: DownloadDefaultKeyPair GetInstanceAccessDetails
    lakeformation: GetTemporaryGlueTableCredentials GetTemporaryGluePartitionCredentials GetTemporaryDataLocationCredentials
    s3: GetDataAccess
    s3express: CreateSession
    apigateway: GetApiKey GetApiKeys`,
  authz_grant: `
    iam: AttachUserPolicy AttachRolePolicy AttachGroupPolicy PutUserPolicy PutRolePolicy PutGroupPolicy CreatePolicyVersion
      SetDefaultPolicyVersion UpdateAssumeRolePolicy AddUserToGroup AddRoleToInstanceProfile CreateRole CreateUser CreateSAMLProvider UpdateSAMLProvider
      CreateOpenIDConnectProvider AddClientIDToOpenIDConnectProvider UpdateOpenIDConnectProviderThumbprint
      DeleteRolePermissionsBoundary DeleteUserPermissionsBoundary PutRolePermissionsBoundary PutUserPermissionsBoundary
    rolesanywhere: CreateTrustAnchor UpdateTrustAnchor EnableTrustAnchor CreateProfile UpdateProfile EnableProfile
    sso: CreateAccountAssignment AttachManagedPolicyToPermissionSet AttachCustomerManagedPolicyReferenceToPermissionSet
      PutInlinePolicyToPermissionSet ProvisionPermissionSet
    identitystore: CreateGroupMembership
    sso-directory: AddMemberToGroup
    ec2: AuthorizeSecurityGroupIngress AssociateIamInstanceProfile ReplaceIamInstanceProfileAssociation AuthorizeClientVpnIngress
      CreateNetworkAclEntry ReplaceNetworkAclEntry
    rds: AuthorizeDBSecurityGroupIngress AddRoleToDBCluster AddRoleToDBInstance
    redshift: AuthorizeClusterSecurityGroupIngress ModifyClusterIamRoles
    elasticache: AuthorizeCacheSecurityGroupIngress
    kms: CreateGrant
    eks: CreateAccessEntry UpdateAccessEntry AssociateAccessPolicy CreatePodIdentityAssociation UpdatePodIdentityAssociation
    lakeformation: GrantPermissions BatchGrantPermissions PutDataLakeSettings
    organizations: RegisterDelegatedAdministrator EnableAWSServiceAccess
    cognito-identity: SetIdentityPoolRoles
    cognito-idp: AdminAddUserToGroup`,
  share: `
    ec2: ModifySnapshotAttribute ModifyImageAttribute ModifyVpcEndpointServicePermissions ModifyFpgaImageAttribute
    rds: ModifyDBSnapshotAttribute ModifyDBClusterSnapshotAttribute
    docdb: ModifyDBClusterSnapshotAttribute
    s3: PutBucketPolicy PutBucketAcl PutObjectAcl PutAccessPointPolicy PutBucketReplication PutBucketWebsite PutMultiRegionAccessPointPolicy
    lambda: AddPermission AddLayerVersionPermission CreateFunctionUrlConfig UpdateFunctionUrlConfig PutResourcePolicy
    secretsmanager: PutResourcePolicy ReplicateSecretToRegions
    ssm: ModifyDocumentPermission PutResourcePolicy
    kms: PutKeyPolicy
    ecr: SetRepositoryPolicy PutRegistryPolicy PutReplicationConfiguration
    ecr-public: SetRepositoryPolicy
    sqs: AddPermission
    sns: AddPermission
    ram: CreateResourceShare AssociateResourceShare EnableSharingWithAwsOrganization
    redshift: AuthorizeSnapshotAccess AuthorizeDataShare
    glacier: SetVaultAccessPolicy
    backup: PutBackupVaultAccessPolicy
    events: PutPermission
    logs: PutDestinationPolicy PutResourcePolicy
    dynamodb: PutResourcePolicy
    kinesis: PutResourcePolicy
    glue: PutResourcePolicy
    codebuild: PutResourcePolicy UpdateProjectVisibility
    codeartifact: PutDomainPermissionsPolicy PutRepositoryPermissionsPolicy
    es: UpdateElasticsearchDomainConfig
    ds: ShareDirectory
    ses: PutIdentityPolicy
    elasticfilesystem: PutFileSystemPolicy
    s3-object-lambda: PutAccessPointPolicyForObjectLambda
    cloudtrail: PutResourcePolicy`,
  export: `
    ec2: CreateInstanceExportTask ExportImage CreateStoreImageTask
    rds: StartExportTask
    dynamodb: ExportTableToPointInTime
    logs: CreateExportTask PutSubscriptionFilter PutAccountPolicy
    cloudtrail: CreateTrail
    guardduty: CreatePublishingDestination
    acm: ExportCertificate
    ssm: CreateResourceDataSync
    ebs: GetSnapshotBlock
    config: DeliverConfigSnapshot
    glacier: InitiateJob
    quicksight: StartAssetBundleExportJob
    kinesisvideo: GetClip`,
  authn: `
    signin: ConsoleLogin CheckMfa UserAuthentication CredentialChallenge CredentialVerification RenewRole SwitchRole ExitRole
      PasswordRecoveryRequested PasswordRecoveryCompleted EmailUpdated PasswordUpdated
    sso: Authenticate Federate`,
  execute_tool: `
    ssm: SendCommand StartSession ResumeSession StartAutomationExecution
    ecs: ExecuteCommand
    ec2-instance-connect: OpenTunnel
    lambda: Invoke InvokeAsync InvokeWithResponseStream
    bedrock: InvokeModel InvokeModelWithResponseStream Converse ConverseStream InvokeAgent InvokeInlineAgent InvokeFlow
    bedrock-agentcore: InvokeAgentRuntime InvokeCodeInterpreter
    states: StartExecution StartSyncExecution
    sagemaker: InvokeEndpoint InvokeEndpointAsync
    codebuild: StartBuild StartBuildBatch`,
  message_send: `
    ses: SendEmail SendRawEmail SendBulkEmail SendTemplatedEmail SendBulkTemplatedEmail SendCustomVerificationEmail
    sns: Publish PublishBatch
    sqs: SendMessage SendMessageBatch
    pinpoint: SendMessages SendUsersMessages
    sms-voice: SendTextMessage SendVoiceMessage
    chime: SendChannelMessage`,
  ticket_create: `
    support: CreateCase AddCommunicationToCase
    ssm-incidents: StartIncident`,
  admin: `
    organizations: LeaveOrganization RemoveAccountFromOrganization CreateAccount CreateAccountResult CloseAccount MoveAccount
      AttachPolicy DetachPolicy UpdatePolicy DisablePolicyType EnableAllFeatures DeletePolicy
    iam: CreateServiceLinkedRole UpdateAccountPasswordPolicy DeleteAccountPasswordPolicy DeactivateMFADevice EnableMFADevice
      ResyncMFADevice UpdateAccessKey CreateAccountAlias DeleteAccountAlias SetSecurityTokenServicePreferences EnableOrganizationsRootCredentialsManagement
    kms: DisableKey EnableKey ScheduleKeyDeletion CancelKeyDeletion DisableKeyRotation DeleteImportedKeyMaterial
    ec2: DisableEbsEncryptionByDefault DisableSnapshotBlockPublicAccess DisableImageBlockPublicAccess
      ModifyInstanceMetadataOptions ModifyInstanceMetadataDefaults EnableSerialConsoleAccess
    s3: PutBucketVersioning PutBucketEncryption DeleteBucketEncryption DeleteBucketReplication PutBucketPublicAccessBlock
      PutAccountPublicAccessBlock PutPublicAccessBlock DeletePublicAccessBlock DeleteBucketPublicAccessBlock DeleteAccountPublicAccessBlock
      PutBucketLogging PutBucketLifecycle PutBucketLifecycleConfiguration PutBucketOwnershipControls PutBucketObjectLockConfiguration
    lambda: DeleteFunctionCodeSigningConfig
    account: EnableRegion DisableRegion PutAlternateContact PutContactInformation StartPrimaryEmailUpdate
    cloudtrail: StartLogging StopLogging UpdateTrail PutEventSelectors PutInsightSelectors UpdateEventDataStore
      StartEventDataStoreIngestion StopEventDataStoreIngestion RegisterOrganizationDelegatedAdmin DeregisterOrganizationDelegatedAdmin
    config: StartConfigurationRecorder StopConfigurationRecorder PutConfigurationRecorder PutDeliveryChannel PutRetentionConfiguration
    guardduty: UpdateDetector StopMonitoringMembers DisassociateFromMasterAccount DisassociateFromAdministratorAccount
      DisassociateMembers DisableOrganizationAdminAccount
    securityhub: EnableSecurityHub DisableSecurityHub BatchEnableStandards BatchDisableStandards DisableImportFindingsForProduct
      UpdateStandardsControl UpdateSecurityHubConfiguration
    macie: UpdateMacieSession
    macie2: EnableMacie DisableMacie UpdateMacieSession
    inspector2: Enable Disable
    logs: PutRetentionPolicy
    cloudwatch: DisableAlarmActions EnableAlarmActions SetAlarmState
    events: DisableRule EnableRule
    rds: StartActivityStream StopActivityStream ModifyActivityStream
    wafv2: DisassociateWebACL
    waf-regional: DisassociateWebACL`,
  read: `
    athena: StartQueryExecution
    logs: StartQuery FilterLogEvents StartLiveTail
    cloudtrail: StartQuery
    kms: Decrypt
    rds: DownloadDBLogFilePortion
    iam: GenerateCredentialReport GenerateServiceLastAccessedDetails`,
  list: `
    s3: HeadBucket`,
  delete: `
    secretsmanager: StartSecretVersionDelete EndSecretVersionDelete`,
  write: `
    ssm: TerminateSession
    sts: GetWebIdentityToken
    ses: VerifyEmailIdentity VerifyEmailAddress VerifyDomainIdentity VerifyDomainDkim
    cognito-idp: VerifyUserAttribute VerifySoftwareToken
    autoscaling: TerminateInstanceInAutoScalingGroup`,
};

/** Changes that weaken what is watched, or can: trails, logs and their retention, detectors, recorders, alarms and their rules. */
const WATCHED = `
  cloudtrail: StopLogging DeleteTrail UpdateTrail PutEventSelectors PutInsightSelectors DeleteEventDataStore UpdateEventDataStore
    StopEventDataStoreIngestion DeleteChannel UpdateChannel DeregisterOrganizationDelegatedAdmin DeleteServiceLinkedChannel
    PutEventConfiguration
  logs: DeleteLogGroup DeleteLogStream PutRetentionPolicy DeleteSubscriptionFilter DeleteMetricFilter DeleteDestination
    DeleteDelivery DeleteDeliverySource DeleteDeliveryDestination DeleteDeliveryDestinationPolicy DeleteAccountPolicy
    DeleteLogAnomalyDetector DeleteResourcePolicy
  config: StopConfigurationRecorder DeleteConfigurationRecorder DeleteDeliveryChannel DeleteConfigRule DeleteEvaluationResults
    DeleteConfigurationAggregator DeleteOrganizationConfigRule DeleteConformancePack DeleteOrganizationConformancePack
    DeleteRemediationConfiguration DeleteRetentionConfiguration PutConfigurationRecorder PutRetentionConfiguration PutDeliveryChannel
    DeleteServiceLinkedConfigurationRecorder DisassociateResourceTypes
  guardduty: DeleteDetector UpdateDetector DeleteFilter CreateFilter UpdateFilter CreateIPSet UpdateIPSet DeleteThreatIntelSet
    DeleteMembers DeletePublishingDestination UpdatePublishingDestination UpdateThreatIntelSet DisassociateMembers DisassociateFromMasterAccount
    DisassociateFromAdministratorAccount StopMonitoringMembers ArchiveFindings UpdateOrganizationConfiguration
    DisableOrganizationAdminAccount UpdateMemberDetectors UpdateMalwareScanSettings DeleteMalwareProtectionPlan
    CreateTrustedEntitySet UpdateTrustedEntitySet DeleteThreatEntitySet
  securityhub: DisableSecurityHub BatchDisableStandards DisableImportFindingsForProduct UpdateStandardsControl DeleteInsight
    DeleteActionTarget DisassociateMembers DeleteMembers DisassociateFromMasterAccount DisassociateFromAdministratorAccount
    DisableOrganizationAdminAccount UpdateFindings BatchUpdateFindings CreateAutomationRule DeleteFindingAggregator
    UpdateSecurityHubConfiguration
  ec2: DeleteFlowLogs UnmonitorInstances DeleteTrafficMirrorSession DeleteTrafficMirrorTarget DeleteTrafficMirrorFilter
  route53resolver: DeleteResolverQueryLogConfig DisassociateResolverQueryLogConfig DeleteFirewallRuleGroup
    DisassociateFirewallRuleGroup
  route53: DeleteQueryLoggingConfig
  cloudwatch: DeleteAlarms DisableAlarmActions SetAlarmState DeleteAnomalyDetector DeleteInsightRules DisableInsightRules
    DeleteMetricStream StopMetricStreams PutAlarmMuteRule DeleteDashboards
  xray: UpdateSamplingRule DeleteSamplingRule DeleteGroup
  firehose: DeleteDeliveryStream
  oam: DeleteLink DeleteSink
  organizations: DisableAWSServiceAccess DeregisterDelegatedAdministrator LeaveOrganization
  s3: PutBucketLogging PutBucketLifecycle PutBucketLifecycleConfiguration
  macie: UpdateMacieSession DisassociateS3Resources ArchiveFindings CreateFindingsFilter UpdateFindingsFilter DisableMacie
    DeleteMember DisassociateMember DisassociateFromMasterAccount DisableOrganizationAdminAccount UpdateMemberSession UpdateClassificationJob
  macie2: DisableMacie UpdateMacieSession UpdateMemberSession DeleteMember DisassociateMember DisassociateFromMasterAccount
    DisassociateFromAdministratorAccount DisableOrganizationAdminAccount UpdateAutomatedDiscoveryConfiguration CreateFindingsFilter
    UpdateFindingsFilter UpdateClassificationJob ArchiveFindings
  access-analyzer: DeleteAnalyzer CreateArchiveRule UpdateArchiveRule UpdateAnalyzer
  detective: DeleteGraph DeleteMembers DisassociateMembership DisableOrganizationAdminAccount
  inspector: DeleteAssessmentTarget DeleteAssessmentTemplate UnsubscribeFromEvent
  inspector2: Disable DisableDelegatedAdminAccount CreateFilter UpdateFilter DisassociateMember
  vpc-lattice: DeleteAccessLogSubscription
  internetmonitor: DeleteMonitor
  ce: DeleteAnomalyMonitor DeleteAnomalySubscription
  wafv2: DeleteLoggingConfiguration
  waf: DeleteLoggingConfiguration
  waf-regional: DeleteLoggingConfiguration
  network-firewall: UpdateLoggingConfiguration
  events: DeleteRule DisableRule RemoveTargets DeleteEventBus DeleteArchive
  aps: DeleteRuleGroupsNamespace PutRuleGroupsNamespace DeleteAlertManagerDefinition PutAlertManagerDefinition DeleteWorkspace
    DeleteLoggingConfiguration UpdateLoggingConfiguration DeleteScraper DeleteQueryLoggingConfiguration
    UpdateWorkspaceConfiguration DeleteAnomalyDetector
  grafana: DeleteWorkspace
  rds: StopActivityStream ModifyActivityStream DeleteEventSubscription
  redshift: DisableLogging DeleteEventSubscription
  bedrock: DeleteModelInvocationLoggingConfiguration PutModelInvocationLoggingConfiguration
  securitylake: DeleteDataLake DeleteDatalake DeleteAwsLogSource DeleteCustomLogSource DeleteSubscriber UpdateDataLake
    DeleteDataLakeExceptionSubscription
  observabilityadmin: StopTelemetryEvaluation StopTelemetryEvaluationForOrganization DeleteTelemetryRule
    DeleteTelemetryRuleForOrganization
  cloudfront: DeleteRealtimeLogConfig DeleteMonitoringSubscription
  synthetics: DeleteCanary StopCanary
  kafka: UpdateMonitoring
  health: DisableHealthServiceAccessForOrganization
  auditmanager: DeregisterAccount DeleteAssessment
  devops-guru: RemoveNotificationChannel`;

const SESSIONS = `
  ssm: StartSession ResumeSession
  ecs: ExecuteCommand
  ec2-instance-connect: SendSSHPublicKey SendSerialConsoleSSHPublicKey OpenTunnel`;

/** What makes a workload run a command or code with rights of its own, which the caller may not have. */
const INJECTED = `
  ssm: SendCommand StartAutomationExecution CreateAssociation UpdateAssociation
  lambda: UpdateFunctionCode
  glue: UpdateDevEndpoint UpdateJob
  sagemaker: UpdateNotebookInstanceLifecycleConfig
  codebuild: UpdateProject
  states: UpdateStateMachine`;

/** Category by `service:operation`, both in lower case. */
export const EXACT: ReadonlyMap<string, Category> = new Map(
  Object.entries(TABLE).flatMap(([category, names]) => entries(names).map((key) => [key, category as Category] as const)),
);
/** Actions that weaken what is watched, or can. */
export const MONITORING: ReadonlySet<string> = new Set(entries(WATCHED));
/** Actions that put a command or code into a workload. */
export const CODE: ReadonlySet<string> = new Set(entries(INJECTED));
/** Actions that open an interactive session inside a workload. */
export const EXEC: ReadonlySet<string> = new Set(entries(SESSIONS));

/** How the provider spells what the tables name, by `service:operation` in lower case. */
export const SPELLED: ReadonlyMap<string, string> = new Map(
  [...Object.values(TABLE), WATCHED, SESSIONS, INJECTED].flatMap((names) => words(names).map(([service, name]) => [service + ':' + name.toLowerCase(), name] as const)),
);

/** `service: Operation Operation …`, over any number of lines, as `service:operation`. */
function entries(table: string): string[] {
  return words(table).map(([service, name]) => service + ':' + name.toLowerCase());
}

function words(table: string): [service: string, name: string][] {
  let service = '';
  return table.trim().split(/\s+/).flatMap((word): [string, string][] => {
    if (!word.endsWith(':')) return [[service, word]];
    service = word.slice(0, -1);
    return [];
  });
}
