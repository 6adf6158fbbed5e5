import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Service, type ServiceOptions } from '../../exporter/src/service.ts';

/**
 * The service in a process of its own, with a journal that may be broken on purpose; started by `service.ts`, never by itself.
 * Says its address once it is ready, cuts its state as often as it is told, and tells how late its loop runs.
 */
const { cutEvery, ...options } = JSON.parse(process.argv[2]!) as ServiceOptions & { cutEvery?: number };

// Nobody is left to end this process when its parent is gone.
process.on('disconnect', () => process.exit(1));
const service = new Service(options);
await service.start();
const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();
process.on('message', () => {
  // The histogram holds the time between two beats of one millisecond.
  process.send!({ p50: delay.percentile(50) / 1e6 - 1, p99: delay.percentile(99) / 1e6 - 1, max: delay.max / 1e6 - 1 });
  delay.reset();
});
let stopping = false;
process.on('SIGTERM', () => {
  // A cut of ours would come upon closed files.
  stopping = true;
  void service.stop().then(() => process.exit(0), () => process.exit(3));
});
if (cutEvery !== undefined) void cut(cutEvery);
process.send!({ url: service.listening.url });

async function cut(millis: number): Promise<void> {
  for (;;) {
    await new Promise((done) => setTimeout(done, millis));
    if (stopping) return;
    await service.core.engine.cut();
  }
}
