/**
 * What every verb is called, takes and says of itself. What it does is loaded when it runs: help has to work
 * where the addon does not.
 */
import type { Verb } from './verb.js';

const MACHINES_HELP =
  'FILE              machines (classified first) or profiles: a JSON array, or an object with "machines"';
const LEVEL_HELP =
  '--level LEVEL     NONE, BASIC, ENHANCED, GOLD, or a JSON file with a level of your own (default GOLD)';
const IPDATA_HELP = '--ipdata FILE     an address index of your own (quorate ipdata build --output FILE)';
const EVIDENCE_HELP =
  'FILE              SEV-SNP report, TDX or SGX quote, CCA or PSA token, Azure vTPM bundle, Nitro document; hex is read too';
const EVIDENCE_FILES_MAX = 10_000;

const text = { type: 'string' } as const;
const texts = { type: 'string', multiple: true } as const;
const flag = { type: 'boolean' } as const;

/** Every verb, in the order of the help. */
export const verbs: readonly Verb[] = [
  {
    name: 'classify',
    summary: 'Say which network, place, power region and TEE each machine belongs to, and how sure that is',
    usage: 'FILE|- [--all] [--ipdata FILE]',
    help: [
      'FILE              machines: a JSON array, or an object with "machines" (and "verdicts" by id)',
      '--all             show every machine, not only the first 40',
      IPDATA_HELP,
    ],
    example: 'npx quorate classify examples/fleet.json',
    positionals: 1,
    options: { all: flag, ipdata: text },
    run: async (context) => (await import('./verbs/classify.js')).classify(context),
  },
  {
    name: 'quorum select',
    summary: 'Choose the best members that keep a level, or say exactly what is scarce',
    usage: 'FILE|- [--level LEVEL] [--size N] [--method exact|greedy] [--certificate FILE --key FILE]',
    help: [
      MACHINES_HELP,
      LEVEL_HELP,
      '--size N          members (default: 1, 2, 2, 3 for the four levels)',
      '--method METHOD   exact (default) or greedy',
      '--certificate F   write the answer as a signed certificate, which quorum verify checks offline',
      '--key FILE        the private key to sign it with (quorate keys create)',
      IPDATA_HELP,
    ],
    example: 'npx quorate quorum select examples/fleet.json --level ENHANCED --size 2',
    positionals: 1,
    options: { level: text, size: text, method: text, certificate: text, key: text, ipdata: text },
    run: async (context) => (await import('./verbs/quorum.js')).select(context),
  },
  {
    name: 'quorum validate',
    summary: 'Check whether given members keep a level, and name every rule they break',
    usage: 'FILE|- --members ID,ID,... [--level LEVEL]',
    help: [
      MACHINES_HELP,
      '--members IDS     the members, separated by commas (default: all machines)',
      LEVEL_HELP,
      IPDATA_HELP,
    ],
    example: 'npx quorate quorum validate examples/fleet.json --members m001,m002 --level ENHANCED',
    positionals: 1,
    options: { level: text, members: text, ipdata: text },
    run: async (context) => (await import('./verbs/quorum.js')).validate(context),
  },
  {
    name: 'quorum explain',
    summary:
      'Say of each machine why it was chosen or by which rule not, and which single failure breaks the quorum',
    usage: 'FILE|- [--level LEVEL] [--size N] [--members ID,ID,...] [--all]',
    help: [
      MACHINES_HELP,
      LEVEL_HELP,
      '--size N          members to choose',
      '--members IDS     explain these members instead of choosing',
      '--all             every machine, not only the first 40',
      IPDATA_HELP,
    ],
    example: 'npx quorate quorum explain examples/fleet.json --level ENHANCED --size 2',
    positionals: 1,
    options: { level: text, size: text, members: text, all: flag, ipdata: text },
    run: async (context) => (await import('./verbs/quorum.js')).explain(context),
  },
  {
    name: 'quorum verify',
    summary: 'Check a placement certificate offline, or name the first thing that is wrong with it',
    usage: 'CERT|- --key FILE.pub [--evidence DIR]',
    help: [
      'CERT              a certificate (quorum select --certificate FILE)',
      "--key FILE.pub    the issuer's public key, from the issuer and not from the certificate",
      '--evidence DIR    evidence of members, one file per device id: each must be the one it was placed by',
    ],
    example: 'npx quorate quorum verify gold.certificate.json --key issuer.key.pub',
    positionals: 1,
    options: { key: text, evidence: text },
    run: async (context) => (await import('./verbs/quorum-verify.js')).verify(context),
  },
  {
    name: 'schedule',
    summary: 'Place jobs on machines, and show the trade-offs that were possible',
    usage: 'FILE|- [--strategy NAME] [--population N] [--generations N] [--seed N]',
    help: [
      'FILE              an object with "machines" (capacity, latencyMs, costPerHour, pricePerHour) and "jobs"',
      '--strategy NAME   nsga_ii, latency, load_balance, trust, cost, round_robin (default nsga_ii)',
      '--population N    individuals (default 50)',
      '--generations N   generations (default 100)',
      '--seed N          same seed, same plan (default 1)',
      'Trust is what a machine has as "trust", in basis points; 5000, neither trusted nor distrusted, where it has none.',
      'Cost and price are for all jobs as long as they take, in the currency of the file; distrust is 0 to 1.',
    ],
    example: 'npx quorate schedule examples/fleet.json',
    positionals: 1,
    options: { strategy: text, population: text, generations: text, seed: text },
    run: async (context) => (await import('./verbs/schedule.js')).schedule(context),
  },
  {
    name: 'attest verify',
    summary: 'Verify hardware evidence offline: which TEE, which firmware, which machine, or why not',
    usage: 'FILE... [--collateral DIR] [--challenge HEX] [--time T]',
    help: [
      EVIDENCE_HELP,
      '--collateral DIR  certificates, .crl and .json files of the vendors (default: nothing but the pinned roots)',
      '--certificate F   a certificate that came beside the evidence (VCEK or VLEK); may be repeated',
      '--challenge HEX   the nonce that every file has to answer',
      '--policy FILE     JSON with what is accepted, such as {"debugAllowed": true}',
      '--anchor V:FILE   trust a root besides the pinned ones; V is AMD, INTEL or AWS; may be repeated',
      '--endorse FILE    trust the Arm device keys in a store of ccatoken (JSON) or a CoRIM; may be repeated',
      '--endorse IMPLEMENTATION:INSTANCE:FILE   trust one key (JWK or PEM), for the device with these ids (hex)',
      '--demo            accept simulated machines; the anchors given are marked as made for them',
      '--time T          judge for this time, such as 2026-06-20T12:00:00Z (default: now)',
    ],
    example: 'npx quorate attest verify report.bin --certificate vcek.der --collateral amd/',
    positionals: EVIDENCE_FILES_MAX,
    options: {
      collateral: text,
      certificate: texts,
      challenge: text,
      policy: text,
      anchor: texts,
      endorse: texts,
      demo: flag,
      time: text,
    },
    run: async (context) => (await import('./verbs/attest.js')).attestVerify(context),
  },
  {
    name: 'attest inspect',
    summary: 'Show every field of evidence: what it says, which is not yet what it proves',
    usage: 'FILE|-',
    help: [EVIDENCE_HELP],
    example: 'npx quorate attest inspect report.bin',
    positionals: 1,
    options: {},
    run: async (context) => (await import('./verbs/attest.js')).attestInspect(context),
  },
  {
    name: 'keys create',
    summary: 'Make a key pair to sign certificates, logs or cosignatures with',
    usage: 'FILE --name NAME [--for certificates|log|witness]',
    help: [
      'FILE              the private key, readable by you alone; the public key goes to FILE.pub',
      '--name NAME       the issuer as certificates show it, the origin of the log, or the name of the witness',
      '--for USE         certificates (ML-DSA-87, the default), log (Ed25519 and ML-DSA-87) or witness (Ed25519)',
    ],
    example: 'npx quorate keys create issuer.key --name ops.example.com',
    positionals: 1,
    options: { name: text, for: { type: 'string', default: 'certificates' } },
    run: async (context) => (await import('./verbs/keys.js')).keysCreate(context),
  },
  {
    name: 'keys show',
    summary: 'Show the name and the id of a public key',
    usage: 'FILE.pub',
    help: ['FILE.pub          a public key file of quorate keys create'],
    example: 'npx quorate keys show issuer.key.pub',
    positionals: 1,
    options: {},
    run: async (context) => (await import('./verbs/keys.js')).keysShow(context),
  },
  {
    name: 'log append',
    summary: 'Append entries to a transparency log and sign for them',
    usage: 'FILE|- --log DIR --key KEY [--whole]',
    help: [
      'FILE              entries, one a line; - for stdin',
      '--log DIR         the directory of the log, made where it is absent',
      '--key KEY         the keys of the log (quorate keys create KEY --for log --name ORIGIN)',
      '--whole           the file is one entry',
    ],
    example: 'npx quorate log append gold.certificate.json --whole --log data/log --key data/log.key',
    positionals: 1,
    options: { log: text, key: text, whole: flag },
    run: async (context) => (await import('./verbs/log.js')).logAppend(context),
  },
  {
    name: 'log prove',
    summary: 'Prove that an entry is in a transparency log (C2SP tlog-proof)',
    usage: 'INDEX | --entry FILE | --text TEXT  --log DIR [--out FILE]',
    help: [
      'INDEX             the entry, counted from 0',
      '--entry FILE      the entry with this content; - for stdin',
      '--text TEXT       the entry with this text',
      '--log DIR         the directory of the log',
      '--out FILE        where the proof goes instead of stdout',
    ],
    example: 'npx quorate log prove 0 --log data/log --out certificate.tlog-proof',
    positionals: 1,
    options: { log: text, entry: text, text, out: text },
    run: async (context) => (await import('./verbs/log.js')).logProve(context),
  },
  {
    name: 'log verify',
    summary: 'Check a proof offline, or a whole log, or name the first thing that is wrong',
    usage: 'PROOF --entry FILE | --text TEXT | --log DIR [--since CHECKPOINT]  --key KEY.pub...',
    help: [
      'PROOF             a proof (quorate log prove); - for stdin',
      '--entry FILE      the entry that it is about',
      '--text TEXT       the entry as text',
      "--key KEY.pub     the log's public keys, from its owner; also of a witness; may be repeated",
      '--log DIR         check every entry of a log, and that they are those it signed for',
      '--since FILE      an earlier checkpoint: the log has to continue it',
    ],
    example: 'npx quorate log verify --log data/log --key data/log.key.pub',
    positionals: 1,
    options: { log: text, entry: text, text, key: texts, since: text },
    run: async (context) => (await import('./verbs/log.js')).logVerify(context),
  },
  {
    name: 'bench',
    summary: 'Measure the cores on this machine: median CPU time of each over 11 runs',
    usage: '',
    help: ['Side-by-side runs against other libraries: docs/benchmarks.md.'],
    example: 'npx quorate bench',
    positionals: 0,
    options: {},
    run: async (context) => (await import('./verbs/bench.js')).bench(context),
  },
  {
    name: 'doctor',
    summary: 'Show what this machine has: versions, CPU features, the addon, address databases',
    usage: '',
    help: ['Exit code 1 when something that Quorate needs is missing.'],
    example: 'npx quorate doctor',
    positionals: 0,
    options: {},
    run: async (context) => (await import('./verbs/doctor.js')).doctor(context),
  },
  {
    name: 'ipdata build',
    summary: 'Compile address databases into one compact range file',
    usage:
      '[--network FORMAT:FILE[,FILE]]... [--place FORMAT:FILE[,FILE]]... [--date YYYY-MM-DD] --output FILE',
    help: [
      '--network SPEC    networks, best source first; FORMAT is one of asn-csv, iptoasn-tsv, routeviews, place-csv, mmdb',
      '--place SPEC      places, best source first',
      '--date DATE       when the data of all files given was current (an MMDB file knows by itself)',
      '--output FILE     where to; the other verbs are told of it with --ipdata FILE',
      'Without sources: the npm databases that are installed, into the cache directory, where the other verbs look.',
    ],
    example: 'npx quorate ipdata build',
    positionals: 0,
    options: { network: texts, place: texts, date: text, output: text },
    run: async (context) => (await import('./verbs/ipdata.js')).ipdataBuild(context),
  },
];
