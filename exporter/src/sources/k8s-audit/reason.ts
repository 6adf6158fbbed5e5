/** A string as Go's `%q` writes it. */
const QUOTED = '"((?:[^"\\\\]|\\\\.)*)"';
const ALLOWED = new RegExp(`^[A-Za-z ]{1,40}: allowed by (ClusterRoleBinding|RoleBinding) ${QUOTED} of (ClusterRole|Role) ${QUOTED} to (ServiceAccount|Group|User) ${QUOTED}$`);
const LONGEST = 2048;

/**
 * What granted a request, from the annotation `authorization.k8s.io/reason`: the binding, the role and the subject, as
 * `RoleBinding/<ns>/<name>`, `ClusterRole/<name>`, `ServiceAccount/<ns>/<name>`. The annotation writes names before namespaces.
 * Empty when the text is of no known form: other authorizers than RBAC say nothing, and so does RBAC when it refuses.
 */
export function grantedBy(reason: unknown): string[] {
  if (typeof reason !== 'string' || reason === '' || reason.length > LONGEST) return [];
  const parts = ALLOWED.exec(reason);
  if (!parts) return [];
  const [, binding, bindingName, role, roleName, subject, subjectName] = parts as unknown as string[];
  const where = binding === 'RoleBinding' ? turned(bindingName!) : bindingName!;
  const namespace = binding === 'RoleBinding' && role === 'Role' ? where.slice(0, where.indexOf('/') + 1) : '';
  return [
    binding + '/' + where,
    role + '/' + namespace + roleName,
    subject + '/' + (subject === 'ServiceAccount' ? turned(subjectName!) : subjectName!),
  ];
}

/** `name/ns` as `ns/name`; names of RBAC objects may hold further slashes, namespaces none. */
function turned(name: string): string {
  const slash = name.lastIndexOf('/');
  return slash < 0 ? name : name.slice(slash + 1) + '/' + name.slice(0, slash);
}
