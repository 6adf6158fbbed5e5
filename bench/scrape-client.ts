import { get } from 'node:http';
import { parentPort } from 'node:worker_threads';
import { gunzipSync } from 'node:zlib';

/** The thread that scrapes: reads one page, and answers how many series it shows. */
parentPort!.on('message', ({ url, gzip }: { url: string; gzip: boolean }) => {
  get(url, { headers: gzip ? { 'accept-encoding': 'gzip' } : {}, agent: false }, (response) => {
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    response.on('end', () => {
      const bytes = Buffer.concat(chunks);
      const text = (gzip ? gunzipSync(bytes) : bytes).toString('latin1');
      let series = 0;
      for (let at = 0; at < text.length; at = text.indexOf('\n', at) + 1) if (text[at] !== '#') series++;
      parentPort!.postMessage(series);
    });
  });
});
