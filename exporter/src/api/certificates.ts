import { loadWebConfig, type WebTls } from '../lib/web-config.ts';

interface Log { info(what: object, message: string): void; warn(what: object, message: string): void }

/**
 * Gives a function that looks whether certificate, key or client CA of the web configuration were replaced, as a renewing controller does
 * under a running service, and if so hands over TLS as the file says it now. What cannot be used is said once, and changes nothing.
 */
export function certificates(file: string, inForce: WebTls, renew: (tls: WebTls) => void, log: Log): () => Promise<void> {
  let used = texts(inForce);
  let said = '';
  return () => {
    const { config, problems } = loadWebConfig(file);
    const fault = problems.map(({ message }) => message).join('; ');
    if (fault !== '' && fault !== said) log.warn({ ...problems[0] }, 'new certificates cannot be used; the old ones stay in force');
    said = fault;
    if (config?.tls && texts(config.tls) !== used) {
      used = texts(config.tls);
      renew(config.tls);
      log.info({ file }, 'certificates were replaced; new connections use them');
    }
    return Promise.resolve();
  };
}

function texts({ options: { cert, key, ca } }: WebTls): string {
  return JSON.stringify([cert, key, ca]);
}
