import { flushCompileCache } from 'node:module';
import { BadConfiguration, Service, type ServiceOptions } from '../service.ts';
import { startDemo } from '../demo.ts';
import { EXIT, fail } from './output.ts';

/** `remit serve`: runs until SIGTERM or SIGINT; SIGHUP reloads. */
export async function serve(options: ServiceOptions): Promise<void> {
  const demo = options.demo ? await startDemo(options) : null;
  let service: Service;
  try {
    service = new Service(demo?.options ?? options);
    // Before the start: until there is a handler, the signal would end the process.
    process.on('SIGHUP', () => { service.reload().catch((error: unknown) => service.log.error({ err: error }, 'the reload failed')); });
    await service.start();
    // It would be written at the end only, which a process that is killed does not have.
    flushCompileCache();
  } catch (error) {
    if (error instanceof BadConfiguration) return fail(error.problems);
    throw error;
  }
  let stopping = false;
  const stop = () => {
    if (stopping) return;
    stopping = true;
    demo?.stop();
    service.stop().then(() => process.exit(EXIT.ok), (error: unknown) => {
      service.log.error({ err: error }, 'stopping failed');
      process.exit(EXIT.store);
    });
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  if (demo) await demo.run(service);
}
