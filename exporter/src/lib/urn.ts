import { hash } from 'node:crypto';

const LONGEST = 512;
const LONGEST_REALM = 128;
const PLAIN_ID = /^[A-Za-z0-9._\-@/:=+,!$&'()*;]*$/;
const PLAIN_REALM = /^[a-z0-9._-]*$/;
const NOT_ID = /[^A-Za-z0-9._\-@/:=+,!$&'()*;]/gu;
const NOT_REALM = /[^a-z0-9._-]/gu;

/**
 * The URN of an identity, `urn:nhi:<provider>:<realm>:<type>/<id>`, at most 512 characters. Provider and type are words of
 * the source's own (`aws`, `role`); realm and id may be any text: the realm is lowered, both are percent-encoded (UTF-8)
 * where a URN needs it, `%` and `~` included. What is too long keeps its beginning and ends in `~` and 16 hex digits of its
 * SHA-256, so that different names never give one URN. Total: never throws.
 */
export function urn(provider: string, realm: string, type: string, id: string): string {
  const lowered = realm.toLowerCase();
  const plainRealm = PLAIN_REALM.test(lowered) ? lowered : encode(lowered, NOT_REALM);
  const head = 'urn:nhi:' + provider + ':' + shorten(plainRealm, LONGEST_REALM, lowered) + ':' + type + '/';
  return head + shorten(PLAIN_ID.test(id) ? id : encode(id, NOT_ID), LONGEST - head.length, id);
}

function encode(text: string, unfit: RegExp): string {
  // Lone surrogates would make encodeURIComponent throw; their own code keeps distinct names distinct.
  return text.replace(unfit, (c) => (c.isWellFormed() ? percent(c) : '%u' + c.charCodeAt(0).toString(16)));
}

function percent(character: string): string {
  const encoded = encodeURIComponent(character);
  return encoded === character ? '%' + character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0') : encoded;
}

function shorten(encoded: string, longest: number, whole: string): string {
  if (encoded.length <= longest) return encoded;
  // UTF-16, because UTF-8 would turn every lone surrogate into the same replacement character.
  const digest = hash('sha256', Buffer.from(whole, 'utf16le'), 'hex').slice(0, 16);
  return encoded.slice(0, longest - 17).replace(/%[^%]{0,4}$/, cutEscape) + '~' + digest;
}

/** Drops an escape that the cut left incomplete. */
function cutEscape(tail: string): string {
  return /^%([0-9A-F]{2}|u[0-9a-f]{4})/.test(tail) ? tail : '';
}
