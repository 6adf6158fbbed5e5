/** What a request is aimed at. */
export interface Target {
  /** The path with what varies in it replaced: `auth/userpass/login/*`. */
  template: string;
  /** What follows the mount: `data/app/db` of `secret/data/app/db`. */
  rest: string;
  /** Where the engine or the auth method is mounted, without slash: `secret`, `auth/approle`, `sys`. */
  mount: string;
  mountType: string;
}

const LONGEST = 1024;
const DEEPEST = 8;

/** The target of a request; older servers tell neither the mount nor its type, so that they are read from the path. */
export function targetOf(path: string, mountPoint: string, mountType: string, namespace: string): Target {
  const whole = path.length <= LONGEST ? path : path.slice(0, LONGEST);
  const mount = mountOf(whole, mountPoint, namespace);
  const rest = whole.startsWith(mount + '/') ? whole.slice(mount.length + 1) : whole === mount ? '' : whole;
  const type = mountType || guessed(mount, rest);
  return { mount, rest, mountType: type, template: mount + templateOf(rest, mount) };
}

/** The point is told with its namespace before it, the path without. */
function mountOf(path: string, point: string, namespace: string): string {
  const plain = (namespace !== '' && point.startsWith(namespace + '/') ? point.slice(namespace.length + 1) : point).replace(/\/$/, '');
  if (plain !== '' && (path === plain || path.startsWith(plain + '/'))) return plain;
  const [first = '', second = ''] = path.split('/', 2);
  return first === 'auth' && second !== '' ? 'auth/' + second : first;
}

function guessed(mount: string, rest: string): string {
  if (mount === 'sys') return 'system';
  if (mount === 'identity' || mount === 'cubbyhole') return mount;
  if (mount.startsWith('auth/')) return mount.slice('auth/'.length);
  if (mount.startsWith('pki') && PKI.test(rest)) return 'pki';
  if (/^(?:data|metadata|delete|undelete|destroy|subkeys)\//.test(rest) || mount === 'secret' || mount === 'kv') return 'kv';
  if (/^(?:creds|static-creds|rotate-role|rotate-root)\//.test(rest)) return 'database';
  return /^(?:encrypt|decrypt|sign|verify|hmac|rewrap|datakey)\//.test(rest) ? 'transit' : '';
}

/** What only PKI has, below a mount that is called after it; `sign` elsewhere is transit's. */
const PKI = /^(?:issue|sign|sign-verbatim|issuer|issuers|root|intermediate|roles|certs?|revoke|revoke-with-key|crl|ca|ca_chain|tidy)(?:\/|$)/;

/** Words of an auth method after which the next segment names a person or a token. */
const NEXT = new Set(['login', 'lookup', 'revoke', 'renew', 'revoke-accessor', 'lookup-accessor', 'revoke-orphan', 'users']);

function templateOf(rest: string, mount: string): string {
  if (rest === '') return '';
  if (mount === 'cubbyhole') return '/*';
  const segments = rest.split('/', DEEPEST + 1);
  const most = mount === 'sys' ? LEASES.get(segments[0]!) ?? DEEPEST : DEEPEST;
  const auth = mount.startsWith('auth/');
  let template = '';
  for (let i = 0; i < segments.length; i++) {
    if (i === most) return template + '/*';
    const segment = segments[i]!;
    const varies = segment !== '' && (isId(segment) || (auth && i > 0 && NEXT.has(segments[i - 1]!)));
    template += '/' + (varies ? '*' : segment);
  }
  return template;
}

/** Paths that end in the id of a lease, which is a path itself: how many segments stand before it. */
const LEASES = new Map([['leases', 2], ['revoke', 1], ['renew', 1], ['revoke-prefix', 1], ['revoke-force', 1]]);

/** Numbers, hashes, UUIDs, serial numbers, mail addresses and anything long. */
function isId(segment: string): boolean {
  if (segment.length > 64 || segment.includes('@') || segment.startsWith('hmac-')) return true;
  let digits = 0;
  for (let i = 0; i < segment.length; i++) {
    const c = segment.charCodeAt(i);
    if (c >= 48 && c <= 57) digits++;
    else if (!((c >= 97 && c <= 102) || (c >= 65 && c <= 70) || c === 45 || c === 58)) return false;
  }
  return digits > 0 && (segment.length >= 8 || digits === segment.length);
}
