import { Command, CommanderError, Option } from 'commander';
import { StoreFailed } from '@remit/contract';
import { EXIT, UsageError } from './commands/output.ts';
import { version } from './version.ts';

// Started by the `remit` shim: when that is killed, so is this, and the storage is free at once.
process.channel?.unref();
if (process.channel) process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));

// `remit normalise … | head` closes the pipe: that is the end, not an error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? EXIT.ok : EXIT.usage));

const EXIT_HELP = `
Exit codes: 0 done; 1 it ran and the answer is no (refused records, nothing found by that id);
2 arguments, configuration or input cannot be used; 3 the store failed.`;

/** The `remit` command line. Each command is a file of its own under `commands/`, loaded when it is called. */
const program = new Command('remit')
  .description('Runtime activity monitoring for non-human identities: does every machine identity stay within its remit?')
  .version(version).showHelpAfterError('(remit --help shows what there is)').exitOverride()
  .addHelpText('after', EXIT_HELP);

program.command('serve')
  .description('take events over HTTP, judge them, and show metrics, findings and a status page')
  .option('--config.file <file>', 'configuration (YAML)')
  .option('--web.listen-address <address>', 'where to listen', '127.0.0.1:9847')
  .option('--web.config.file <file>', 'TLS and users, in the format of the Prometheus exporter toolkit')
  .option('--web.external-url <url>', 'how people reach this page: its host name is then allowed on a loopback listener')
  .option('--storage.path <folder>', 'journal and state', './data')
  .option('--inventory.path <path>', 'inventory: a folder of YAML or JSON files, or one file')
  .option('--log.level <level>', 'debug, info, warn or error (default: info; the demo: warn)')
  .option('--demo', 'load the samples and make present-time traffic, to look around')
  .addHelpText('after', `
Examples:
  remit serve --inventory.path ./inventory
  curl --data-binary @events.json.gz http://127.0.0.1:9847/ingest   # add ?mode=backfill for events older than 7 days
  remit serve --web.listen-address :9847 --web.config.file web.yml --config.file remit.yml
SIGHUP, or POST /-/reload with the admin token, reads configuration, tokens, certificates and inventory again.${EXIT_HELP}`)
  .action(async (options: Record<string, string>) => (await import('./commands/serve.ts')).serve(plain(options)));

program.command('replay')
  .description('read log files, judge them on event time, and say what was found')
  .argument('<file...>', 'log files or patterns, plain, .gz or .zst, - for standard input; CLUSTER=FILE names the Kubernetes cluster of one')
  .option('--cluster <id>', 'Kubernetes cluster of all files')
  .option('--inventory.path <path>', 'inventory: a folder or a file; without one, day-one findings only')
  .option('--storage.path <folder>', 'keep the state, and continue what was cut; a temporary folder when not given')
  .option('--config.file <file>', 'configuration (YAML)')
  .option('--json', 'one JSON object on one line on stdout')
  .option('--quiet', 'no progress on stderr')
  .addHelpText('after', `
Examples:
  remit replay "cloudtrail/**/*.json.gz"
  remit replay --cluster prod-eu1 audit.log --inventory.path ./inventory
  remit replay prod=audit-prod.log staging=audit-staging.log --json
  ssh control-plane cat /var/log/kubernetes/audit.log | remit replay -${EXIT_HELP}`)
  .action(async (files: string[], options: Record<string, string>) => (await import('./commands/replay.ts')).replay(files, plain(options)));

program.command('backtest')
  .description('judge the past twice, as it was and with a change, and say which findings and pages the change gains and loses')
  .argument('[file...]', 'log files or patterns; CLUSTER=FILE names the Kubernetes cluster of one. Or --storage.path')
  .option('--storage.path <folder>', 'the archive of a storage; it is only read, and a service may use it meanwhile')
  .option('--from <time>', 'compare findings from here on; what is older still trains the baseline')
  .option('--to <time>', 'leave out what happened from here on')
  .option('--inventory.path <path>', 'inventory before the change; with --storage.path what was in force at each time, when not given')
  .option('--against <path>', 'inventory after the change: a folder or a file')
  .option('--without-exceptions', 'the change is that no exception holds: what do they hide?')
  .option('--config.file <file>', 'configuration before the change (YAML)')
  .option('--against.config <file>', 'configuration after the change')
  .option('--cluster <id>', 'Kubernetes cluster of all files')
  .option('--json', 'one JSON object on one line on stdout')
  .option('--quiet', 'no progress on stderr')
  .addHelpText('after', `
Everything is judged as of event time: an exception, a date of the end or a schedule counts by the dates that the inventory gives it.
Verdicts of people play no part. The same input gives the same answer; nothing is written but to a temporary folder.
Examples:
  remit backtest --storage.path ./data --from 2026-11-01 --to 2026-11-22 --against inventory-new
  remit backtest "logs/*.json.gz" --inventory.path inventory --against inventory-new --json
  remit backtest --storage.path ./data --without-exceptions
Exit codes: 0 it ran, whatever it found; 2 arguments, configuration, inventory or input cannot be used; 3 the store failed.`)
  .action(async (files: string[], options: Record<string, string>) => (await import('./commands/backtest.ts')).backtest(files, plain(options)));

program.command('normalise')
  .description('print the canonical event of every record, one JSON object a line, in order of event time')
  .argument('<file...>', 'log files or patterns; CLUSTER=FILE names the Kubernetes cluster of one')
  .option('--cluster <id>', 'Kubernetes cluster of all files')
  .option('--source <id>', 'do not detect the source')
  .option('--inventory.path <path>', 'resolve identities against this inventory')
  .option('--config.file <file>', 'configuration (YAML): mappings of your own logs')
  .addHelpText('after', `
Example:
  remit normalise trail.json.gz | jq -r '.actor.identity.urn' | sort | uniq -c${EXIT_HELP}`)
  .action(async (files: string[], options: Record<string, string>) => (await import('./commands/normalise.ts')).normalise(files, plain(options)));

program.command('learn')
  .description('propose an inventory from observed behaviour, one commented file an identity, for a person to review')
  .argument('[file...]', 'log files or patterns; CLUSTER=FILE names the Kubernetes cluster of one')
  .requiredOption('-o, --output <folder>', 'where to write, for example inventory/proposed/')
  .option('--from <input...>', 'the same as naming files; or `store`, for the journal of a storage')
  .option('--storage.path <folder>', 'with --from store: journal and state; no service may use it')
  .option('--cluster <id>', 'Kubernetes cluster of all files')
  .option('--inventory.path <path>', 'leave out what has a record already')
  .option('--config.file <file>', 'configuration (YAML)')
  .option('--replace', 'write proposals anew that are there and still undecided')
  .option('--no-check', 'do not try the proposals on the input')
  .option('--quiet', 'no progress on stderr')
  .addHelpText('after', `
Examples:
  remit learn "logs/*.json.gz" -o inventory/proposed/ --inventory.path inventory
  remit learn --from store --storage.path ./data -o inventory/proposed/
Nothing is approved by it: see remit inventory approve --help.${EXIT_HELP}`)
  .action(async (files: string[], options: Record<string, string>) => (await import('./commands/learn.ts')).learn(files, plain(options)));

program.command('inventory').description('work on an inventory')
  .command('approve')
  .description('make proposals of `remit learn` records in force: status, owner, who and when, moved out of proposed/')
  .argument('<file...>', 'proposals')
  .option('--inventory.path <folder>', 'folder of the inventory; the one that holds proposed/ when not given')
  .option('--owner <team>', 'team that owns the identities; it must be in owners')
  .option('--purpose <text>', 'what they are for')
  .option('--by <name>', 'who approves; the name of the user when not given')
  .option('--ticket <id>', 'where it was decided')
  .option('--approve <pattern>', 'move these entries of review_required to actions; may be repeated', repeated)
  .option('--drop <pattern>', 'leave these entries of review_required out; may be repeated', repeated)
  .option('--dry-run', 'show what would change, and change nothing')
  .addHelpText('after', `
Examples:
  remit inventory approve inventory/proposed/aws-*.yml --owner payments --ticket PAY-311
  remit inventory approve inventory/proposed/k8s-prod-operator-1f0c2a9b.yml --owner platform \\
      --approve "k8s:*:core/secrets@prod/monitoring" --drop "*" --dry-run
Every entry of review_required must be approved or dropped; --drop "*" drops what is not approved. Nothing is changed unless all
files are ready (exit code 1: something is missing).${EXIT_HELP}`)
  .action(async (files: string[], options: Record<string, string>) => (await import('./commands/inventory.ts')).approve(files, plain(options)));

program.command('routes')
  .description('print Alertmanager routes and receivers for the owners of an inventory')
  .option('--inventory <path>', 'inventory: a folder or a file')
  .option('--inventory.path <path>', 'the same, as the other commands call it')
  .option('--full', 'a complete alertmanager.yml, made from the shipped one')
  .option('--fallback <address>', 'who is told of what no team takes: findings that nobody owns, teams without a contact, what Remit says of itself')
  .option('--slack.url-file <file>', 'file with the address of your Slack app, on the machine of Alertmanager', '/etc/alertmanager/slack-url')
  .option('--smtp.smarthost <host:port>', 'mail server', 'localhost:25')
  .option('--smtp.from <address>', 'sender of mails', 'remit@localhost')
  .addHelpText('after', `
An owner's contact and escalation may be mailto:ADDRESS, "#channel", https://WEBHOOK, pagerduty:/FILE/WITH/KEY or
opsgenie:/FILE/WITH/KEY. Pages (critical) go to both, tickets (warning) to the contact.
Examples:
  remit routes --inventory inventory
  remit routes --inventory inventory --full --fallback "#oncall" > alertmanager.yml && amtool check-config alertmanager.yml${EXIT_HELP}`)
  .action(async (options: Record<string, string>) => (await import('./commands/routes.ts')).routes(plain(options)));

program.command('check-config')
  .description('read configuration and inventory and say what is wrong, by file, line and column')
  .option('--config.file <file>', 'configuration (YAML)')
  .option('--web.config.file <file>', 'web configuration')
  .option('--inventory.path <path>', 'inventory: a folder or a file')
  .addHelpText('after', `
Example:
  remit check-config --inventory.path ./inventory && kill -HUP "$(pidof remit)"${EXIT_HELP}`)
  .action(async (options: Record<string, string>) => (await import('./commands/check-config.ts')).checkConfig(plain(options)));

program.command('explain')
  .description('say in words why a finding was raised')
  .argument('<finding>', 'its id: 32 hex digits')
  .option('--url <url>', 'the running service', 'http://127.0.0.1:9847')
  .option('--token.file <file>', 'read token of the service')
  .option('--storage.path <folder>', 'read a storage instead, which no service uses')
  .option('--config.file <file>', 'configuration (YAML)')
  .option('--json', 'the finding as JSON')
  .addHelpText('after', `
Example:
  remit explain 4f0e6d2a9b1c3857d6e2f1a0b9c8d7e6${EXIT_HELP}`)
  .action(async (id: string, options: Record<string, string>) => (await import('./commands/explain.ts')).explain(id, plain(options)));

program.command('demo-feed')
  .description("write the demo's inventory, and send its samples, stories and a little traffic to a running service")
  .requiredOption('-o, --output <folder>', 'inventory of the demo; written once')
  .option('--url <url>', 'the running service; without one only the inventory is written')
  .option('--token.file <file>', 'ingest token of the service')
  .option('--beat.file <file>', 'written anew each time the little traffic was taken, for a health check')
  .addOption(new Option('--token-file <file>', 'the same').hideHelp())
  .addHelpText('after', `
What docker-compose.yml feeds its demo with. Runs until it is stopped.
Example:
  remit demo-feed -o inventory-of-the-demo && remit serve --inventory.path inventory-of-the-demo
  remit demo-feed -o inventory-of-the-demo --url http://127.0.0.1:9847${EXIT_HELP}`)
  .action(async (options: Record<string, string>) => {
    const stopping = new AbortController();
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => { stopping.abort(); });
    await (await import('./commands/demo-feed.ts')).demoFeed(plain(options), stopping.signal);
  });

program.command('verdict')
  .description('say what a finding of a running service was; it is kept with the finding, and ends or reopens its alert')
  .argument('<finding>', 'its id: 32 hex digits')
  .argument('<state>', 'acknowledged: somebody works on it; benign, bad: what it was; open: open it again')
  .option('--note <text>', 'why; at most 2,000 characters')
  .option('--user <name>', 'who says so; the name of the user when not given. Nobody checks it')
  .option('--url <url>', 'the running service', 'http://127.0.0.1:9847')
  .option('--token.file <file>', 'write token of the service')
  .addOption(new Option('--token-file <file>', 'the same').hideHelp())
  .option('--json', 'the finding as JSON')
  .addHelpText('after', `
Acknowledging does not end an alert; benign and bad do, and what is benign trains the baseline from then on.
Examples:
  remit verdict 4f0e6d2a9b1c3857d6e2f1a0b9c8d7e6 acknowledged --token.file write.token
  remit verdict 4f0e6d2a9b1c3857d6e2f1a0b9c8d7e6 benign --note "planned migration, OPS-11" --token.file write.token
Exit codes: 0 it is so now; 1 no such finding, or it cannot become that; 2 arguments, the token or the address cannot be used;
3 the store of the service failed.`)
  .action(async (id: string, state: string, options: Record<string, string>) => (await import('./commands/verdict.ts')).verdict(id, state, plain(options)));

program.command('evaluate')
  .description('tell recorded events to the pipeline on a virtual clock and measure: calibration, pages against the budget, recall of labelled misuse')
  .requiredOption('--events <file...>', 'log files or patterns of any source, also of your own mappings; CLUSTER=FILE names the Kubernetes cluster of one')
  .requiredOption('--budget <pages>', 'pages a week for the fleet; further ones after commas are read off the scores')
  .option('--inventory <path>', 'inventory: a folder or a file')
  .option('--labels <file>', 'JSON array of { use_case, level, identity, start, end }; read by the measuring, and by the stand-in for those who are paged, a day later')
  .option('--warmup <duration>', 'beginning that is not measured: 4w, at most a third of all')
  .option('--only <run>', 'remit: with the inventory; behaviour: with the identities and owners of it alone')
  .option('--unattended', 'nobody answers a page')
  .option('--shuffle <seed>', 'measure with the labels moved to other identities and times: what is found then is chance')
  .option('--cluster <id>', 'Kubernetes cluster of all files')
  .option('--config.file <file>', 'configuration (YAML)')
  .option('--json', 'one JSON object at the end')
  .option('--quiet', 'no progress')
  .addHelpText('after', `
Examples:
  remit simulate --identities 1000 --weeks 12 --seed 1 --out fleet
  remit evaluate --events fleet/events.ndjson.gz --inventory fleet/inventory --labels fleet/labels.json --budget 20,5,50
Ctrl-C ends it with what is measured so far.
Exit codes: 0 measured; 1 cut; 2 arguments, configuration, inventory or input cannot be used; 3 the store failed.`)
  .action(async (options: Record<string, string>) => (await import('./commands/evaluate.ts')).evaluate(plain(options)));

program.command('simulate')
  .description('make up a fleet: records of six sorts of identities, their inventory, and labels of injected misuse')
  .requiredOption('--identities <n>', 'size of the fleet')
  .requiredOption('--weeks <n>', 'how long')
  .requiredOption('--seed <n>', 'a whole number; the same gives the same fleet, everywhere')
  .requiredOption('-o, --out <folder>', 'where to write events.ndjson.gz, inventory/ and labels.json')
  .option('--declared <share>', 'share of the identities whose record says what they may do', '0.7')
  .option('--stale <share>', 'share of these records that are out of date', '0')
  .option('--attacks <n>', 'injected misuse per week and 1,000 identities; 0 for none', '40')
  .option('--quiet <weeks>', 'weeks without misuse at the beginning; 4, at most a third of all')
  .option('--bare', 'an inventory that declares nothing, so that behaviour alone can tell')
  .option('--exact', 'records in order and each once; otherwise some come late, some twice')
  .option('--quietly', 'no progress')
  .addHelpText('after', `
Example:
  remit simulate --identities 1000 --weeks 12 --seed 1 --out ./fleet${EXIT_HELP}`)
  .action(async (options: Record<string, string>) => (await import('./commands/simulate.ts')).simulate(plain(options)));

program.command('state').description('look into a storage')
  .command('digest')
  .description('one digest of all state: the same records, in any order and any number of times, give the same')
  .requiredOption('--storage.path <folder>', 'journal and state; no service may use it')
  .option('--config.file <file>', 'configuration (YAML)')
  .option('--dump', 'the lines the digest is made of')
  .addHelpText('after', `
Example:
  remit replay a.json --storage.path ./s && remit state digest --storage.path ./s${EXIT_HELP}`)
  .action(async (options: Record<string, string>) => (await import('./commands/state.ts')).stateDigest(plain(options)));

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  else if (error instanceof UsageError) {
    process.stderr.write(`${error.message}\n  → ${error.hint}\n`);
    process.exitCode = EXIT.usage;
  } else if (error instanceof StoreFailed) {
    process.stderr.write(`${error.message}\n  → check space and permissions of --storage.path\n`);
    process.exitCode = EXIT.store;
  } else {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exitCode = EXIT.usage;
  }
}

/** Values of an option that may be given more than once. */
function repeated(value: string, before: string[] = []): string[] {
  return [...before, value];
}

/** `--storage.path` arrives as `storage.path`; commands call it `storagePath`. */
function plain<T>(options: Record<string, string>): T {
  return Object.fromEntries(Object.entries(options).map(([key, value]) =>
    [key.replace(/[.-](\w)/g, (_, letter: string) => letter.toUpperCase()), value])) as T;
}
