/** How a parameter of a request names a resource. */
export interface Naming {
  /** Rank within its service: the lowest that is present is the target. */
  rank: number;
  /** Top-level parameter; a list gives one resource an element, of an object the list in its `items`. */
  parameter: string;
  /** Where the elements are objects: the field that holds the id. */
  field: string | undefined;
  /** Kind of resource as CloudFormation writes it. */
  type: string;
  /** ARN service, whether the region is part of it, and what precedes the id. Without it the id stands for itself. */
  arn: { service: string; regional: boolean; prefix: string } | undefined;
  /** Only for operations whose lower-case name contains this. */
  only: string | undefined;
}

/**
 * By service, in order of importance (the first that is present is the target):
 * `parameter[.field] type service:prefix [?operation]`; `service!prefix` is an ARN without region, `-` no ARN at all.
 */
const TABLE: Record<string, string[]> = {
  iam: ['roleName AWS::IAM::Role iam!role/', 'userName AWS::IAM::User iam!user/', 'groupName AWS::IAM::Group iam!group/',
    'policyArn AWS::IAM::Policy iam!policy/', 'instanceProfileName AWS::IAM::InstanceProfile iam!instance-profile/',
    'policyName AWS::IAM::Policy iam!policy/ ?createpolicy', 'serialNumber AWS::IAM::MFADevice iam!mfa/',
    'virtualMFADeviceName AWS::IAM::MFADevice iam!mfa/', 'sAMLProviderArn AWS::IAM::SAMLProvider iam!saml-provider/',
    'openIDConnectProviderArn AWS::IAM::OIDCProvider iam!oidc-provider/', 'accessKeyId AWS::IAM::AccessKey -',
    'name AWS::IAM::SAMLProvider iam!saml-provider/ ?samlprovider'],
  sts: ['roleArn AWS::IAM::Role iam!role/', 'targetPrincipal AWS::IAM::Root -', 'name AWS::STS::FederatedUser sts!federated-user/'],
  secretsmanager: ['secretId AWS::SecretsManager::Secret secretsmanager:secret:', 'secretIdList AWS::SecretsManager::Secret secretsmanager:secret:',
    'name AWS::SecretsManager::Secret secretsmanager:secret:', 'SecretId AWS::SecretsManager::Secret secretsmanager:secret:'],
  ssm: ['name AWS::SSM::Parameter ssm:parameter/ ?parameter', 'names AWS::SSM::Parameter ssm:parameter/ ?parameter',
    'path AWS::SSM::Parameter ssm:parameter/ ?parameter', 'target AWS::EC2::Instance ec2:instance/', 'instanceId AWS::EC2::Instance ec2:instance/',
    'instanceIds AWS::EC2::Instance ec2:instance/', 'documentName AWS::SSM::Document ssm:document/', 'name AWS::SSM::Document ssm:document/ ?document',
    'resourceId AWS::SSM::Resource -', 'sessionId AWS::SSM::Session ssm:session/'],
  kms: ['keyId AWS::KMS::Key kms:key/', 'targetKeyId AWS::KMS::Key kms:key/', 'sourceKeyId AWS::KMS::Key kms:key/', 'destinationKeyId AWS::KMS::Key kms:key/', 'aliasName AWS::KMS::Alias kms:'],
  lambda: ['functionName AWS::Lambda::Function lambda:function:', 'layerName AWS::Lambda::LayerVersion lambda:layer:',
    'resource AWS::Lambda::Function lambda:function:'],
  ec2: ['snapshotId AWS::EC2::Snapshot ec2:snapshot/', 'imageId AWS::EC2::Image ec2:image/', 'instanceId AWS::EC2::Instance ec2:instance/',
    'instancesSet.instanceId AWS::EC2::Instance ec2:instance/', 'instancesSet.imageId AWS::EC2::Image ec2:image/', 'volumeId AWS::EC2::Volume ec2:volume/', 'groupId AWS::EC2::SecurityGroup ec2:security-group/',
    'groupName AWS::EC2::SecurityGroup - ?securitygroup', 'routeTableId AWS::EC2::RouteTable ec2:route-table/',
    'internetGatewayId AWS::EC2::InternetGateway ec2:internet-gateway/', 'networkInterfaceId AWS::EC2::NetworkInterface ec2:network-interface/',
    'networkAclId AWS::EC2::NetworkAcl ec2:network-acl/', 'flowLogId AWS::EC2::FlowLog ec2:vpc-flow-log/',
    'allocationId AWS::EC2::EIP ec2:elastic-ip/', 'keyName AWS::EC2::KeyPair ec2:key-pair/', 'subnetId AWS::EC2::Subnet ec2:subnet/', 'vpcId AWS::EC2::VPC ec2:vpc/',
    'launchTemplateId AWS::EC2::LaunchTemplate ec2:launch-template/', 'resourcesSet.resourceId AWS::EC2::Resource -',
    'sourceSnapshotId AWS::EC2::Snapshot ec2:snapshot/', 'sourceImageId AWS::EC2::Image ec2:image/', 'bucket AWS::S3::Bucket s3! ?imagetask', 's3ExportLocation.s3Bucket AWS::S3::Bucket s3!',
    'exportToS3.s3Bucket AWS::S3::Bucket s3!',
    'attachmentId AWS::EC2::Attachment -', 'associationId AWS::EC2::Association -', 'trafficMirrorTargetId AWS::EC2::TrafficMirrorTarget ec2:traffic-mirror-target/',
    'iamInstanceProfile.Name AWS::IAM::InstanceProfile iam!instance-profile/ ?iaminstanceprofile', 'iamInstanceProfile.name AWS::IAM::InstanceProfile iam!instance-profile/ ?iaminstanceprofile',
    'iamInstanceProfile.Arn AWS::IAM::InstanceProfile - ?iaminstanceprofile', 'iamInstanceProfile.arn AWS::IAM::InstanceProfile - ?iaminstanceprofile'],
  ebs: ['snapshotId AWS::EC2::Snapshot ec2:snapshot/'],
  'ec2-instance-connect': ['instanceId AWS::EC2::Instance ec2:instance/'],
  ec2messages: ['instanceId AWS::EC2::Instance ec2:instance/'],
  rds: ['dBSnapshotIdentifier AWS::RDS::DBSnapshot rds:snapshot:', 'targetDBSnapshotIdentifier AWS::RDS::DBSnapshot rds:snapshot:',
    'dBClusterSnapshotIdentifier AWS::RDS::DBClusterSnapshot rds:cluster-snapshot:', 'dBInstanceIdentifier AWS::RDS::DBInstance rds:db:',
    'dBClusterIdentifier AWS::RDS::DBCluster rds:cluster:', 'exportTaskIdentifier AWS::RDS::ExportTask -', 'sourceArn AWS::RDS::Resource -',
    'sourceDBSnapshotIdentifier AWS::RDS::DBSnapshot rds:snapshot:', 'sourceDBClusterSnapshotIdentifier AWS::RDS::DBClusterSnapshot rds:cluster-snapshot:',
    'targetDBClusterSnapshotIdentifier AWS::RDS::DBClusterSnapshot rds:cluster-snapshot:', 'targetDBInstanceIdentifier AWS::RDS::DBInstance rds:db:',
    'sourceDBInstanceIdentifier AWS::RDS::DBInstance rds:db:', 'sourceDBClusterIdentifier AWS::RDS::DBCluster rds:cluster:', 'snapshotIdentifier AWS::RDS::DBClusterSnapshot rds:cluster-snapshot:',
    's3BucketName AWS::S3::Bucket s3!', 'resourceArn AWS::RDS::Resource -', 'resourceName AWS::RDS::Resource -', 'dBSubnetGroupName AWS::RDS::DBSubnetGroup rds:subgrp:',
    'dBSecurityGroupName AWS::RDS::DBSecurityGroup rds:secgrp:'],
  cloudtrail: ['name AWS::CloudTrail::Trail cloudtrail:trail/', 'trailName AWS::CloudTrail::Trail cloudtrail:trail/',
    'trailNameList AWS::CloudTrail::Trail cloudtrail:trail/', 'eventDataStore AWS::CloudTrail::EventDataStore cloudtrail:eventdatastore/',
    'channel AWS::CloudTrail::Channel cloudtrail:channel/', 'resourceIdList AWS::CloudTrail::Trail cloudtrail:trail/', 's3BucketName AWS::S3::Bucket s3!'],
  logs: ['logGroupName AWS::Logs::LogGroup logs:log-group:', 'logGroupIdentifier AWS::Logs::LogGroup logs:log-group:', 'destinationName AWS::Logs::Destination logs:destination:',
    'destination AWS::S3::Bucket s3! ?createexporttask', 'destinationArn - -'],
  dynamodb: ['tableName AWS::DynamoDB::Table dynamodb:table/', 'tableArn AWS::DynamoDB::Table dynamodb:table/',
    'targetTableName AWS::DynamoDB::Table dynamodb:table/', 'sourceTableName AWS::DynamoDB::Table dynamodb:table/', 'sourceTableArn AWS::DynamoDB::Table dynamodb:table/',
    'backupArn AWS::DynamoDB::Backup -', 's3Bucket AWS::S3::Bucket s3!'],
  sns: ['topicArn AWS::SNS::Topic -', 'name AWS::SNS::Topic sns:', 'subscriptionArn AWS::SNS::Subscription -'],
  sqs: ['queueUrl AWS::SQS::Queue -', 'queueName AWS::SQS::Queue sqs:'],
  ecr: ['repositoryName AWS::ECR::Repository ecr:repository/'],
  ecs: ['task AWS::ECS::Task ecs:task/', 'service AWS::ECS::Service ecs:service/', 'taskDefinition AWS::ECS::TaskDefinition ecs:task-definition/', 'cluster AWS::ECS::Cluster ecs:cluster/'],
  eks: ['clusterName AWS::EKS::Cluster eks:cluster/', 'name AWS::EKS::Cluster eks:cluster/'],
  events: ['name AWS::Events::Rule events:rule/', 'rule AWS::Events::Rule events:rule/'],
  config: ['configRuleName AWS::Config::ConfigRule -', 'deliveryChannelName AWS::Config::DeliveryChannel -',
    'configurationRecorderName AWS::Config::ConfigurationRecorder -', 'deliveryChannel.name AWS::Config::DeliveryChannel -',
    'configurationRecorder.name AWS::Config::ConfigurationRecorder -'],
  guardduty: ['detectorId AWS::GuardDuty::Detector guardduty:detector/'],
  cloudwatch: ['alarmNames AWS::CloudWatch::Alarm cloudwatch:alarm:', 'alarmName AWS::CloudWatch::Alarm cloudwatch:alarm:'],
  route53resolver: ['resolverQueryLogConfigId AWS::Route53Resolver::QueryLogConfig route53resolver:resolver-query-log-config/'],
  rolesanywhere: ['trustAnchorId AWS::RolesAnywhere::TrustAnchor rolesanywhere:trust-anchor/', 'profileId AWS::RolesAnywhere::Profile rolesanywhere:profile/',
    'name AWS::RolesAnywhere::Resource -'],
  aps: ['workspaceId AWS::APS::Workspace aps:workspace/'],
  bedrock: ['modelId AWS::Bedrock::Model -', 'agentId AWS::Bedrock::Agent bedrock:agent/', 'guardrailIdentifier AWS::Bedrock::Guardrail bedrock:guardrail/'],
  sso: ['targetId AWS::Organizations::Account - ?accountassignment', 'permissionSetArn AWS::SSO::PermissionSet -', 'instanceArn AWS::SSO::Instance -'],
  'sso-directory': ['groupId AWS::IdentityStore::Group -', 'userId AWS::IdentityStore::User -', 'member.memberId AWS::IdentityStore::User -'],
  identitystore: ['groupId AWS::IdentityStore::Group -', 'userId AWS::IdentityStore::User -', 'memberId.userId AWS::IdentityStore::User -', 'membershipId AWS::IdentityStore::GroupMembership -'],
  codebuild: ['projectName AWS::CodeBuild::Project codebuild:project/', 'projectArn AWS::CodeBuild::Project -', 'name AWS::CodeBuild::Project codebuild:project/ ?project'],
  kinesis: ['streamName AWS::Kinesis::Stream kinesis:stream/'],
  states: ['stateMachineArn AWS::StepFunctions::StateMachine -'],
  backup: ['recoveryPointArn - -', 'sourceBackupVaultName AWS::Backup::BackupVault backup:backup-vault:', 'destinationBackupVaultArn - -',
    'backupVaultName AWS::Backup::BackupVault backup:backup-vault:'],
  redshift: ['targetSnapshotIdentifier AWS::Redshift::Snapshot -', 'sourceSnapshotIdentifier AWS::Redshift::Snapshot -', 'snapshotIdentifier AWS::Redshift::Snapshot -',
    'clusterIdentifier AWS::Redshift::Cluster redshift:cluster:'],
  athena: ['workGroup AWS::Athena::WorkGroup athena:workgroup/'],
  organizations: ['accountId AWS::Organizations::Account -', 'targetId AWS::Organizations::Target -', 'policyId AWS::Organizations::Policy -'],
  wafv2: ['webACLArn AWS::WAFv2::WebACL -', 'resourceArn AWS::WAFv2::Resource -'],
};

/** Tried where the table of the service finds nothing. */
const ANY = ['resourceArn', 'resourceARN', 'ResourceArn', 'arn', 'Arn', 'ARN', 'topicArn', 'roleArn'].map((parameter) => parameter + ' - -');

/** Ways in which the parameters of a request name resources, by parameter. */
export type Namings = ReadonlyMap<string, readonly Naming[]>;
const tables = Object.entries(TABLE).map(([service, lines]) => [service, lines.map(naming)] as const);
/** Per service. */
export const NAMINGS: ReadonlyMap<string, Namings> = new Map(tables.map(([service, namings]) => [service, byParameter(namings)]));
/** For every service: parameters whose value is an ARN. */
export const ANY_NAMING: Namings = byParameter(ANY.map(naming));
/** Kind of resource by ARN service and the word before the id: `ssm:parameter`. */
export const TYPES: ReadonlyMap<string, string> = new Map(
  tables.flatMap(([, namings]) => namings).filter((n) => n.arn && /\w[/:]$/.test(n.arn.prefix)).map((n) => [n.arn?.service + ':' + n.arn?.prefix.slice(0, -1), n.type]),
);

function byParameter(namings: readonly Naming[]): Namings {
  return Map.groupBy(namings, (n) => n.parameter);
}

function naming(line: string, rank: number): Naming {
  const [path = '', type = '', target = '-', only] = line.split(' ');
  const [parameter = '', field] = path.split('.');
  const match = /^([a-z0-9-]+)(:|!)(.*)$/.exec(target);
  const arn = match ? { service: match[1] ?? '', regional: match[2] === ':', prefix: match[3] ?? '' } : undefined;
  return { rank, parameter, field, type: type === '-' ? '' : type, arn, only: only?.slice(1) };
}
