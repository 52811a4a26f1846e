// Builds the pages: web/ to dist/web, by Vite. Part of wrangler's [build] command, of npm start and of npm test. Quiet, and quick when
// nothing changed: the sources' hash is kept beside the output. Several may run at once; they take turns.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { runAlone } from './build_lock.mjs';
import { runCommand } from './command.mjs';

const kRoot = fileURLToPath(new URL('..', import.meta.url));
const kSources = join(kRoot, 'web');
const kOutput = join(kRoot, 'dist/web');
const kStamp = join(kRoot, 'build/web.stamp');
const kLock = join(kRoot, 'build/web.lock');
const kVite = join(kRoot, 'node_modules/vite/bin/vite.js');

function filesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}

/** A hash of everything the pages are made of. */
function sourcesHash() {
  const hash = createHash('sha256');
  for (const file of [...filesBelow(kSources).sort(), join(kRoot, 'sql/schema.sql'), join(kRoot, 'package-lock.json')]) hash.update(file.slice(kRoot.length)).update('\0').update(readFileSync(file)).update('\0');
  return hash.digest('hex');
}

async function build() {
  const wanted = sourcesHash();
  const isBuilt = existsSync(join(kOutput, 'index.html')) && existsSync(kStamp) && readFileSync(kStamp, 'utf8') === wanted;
  if (isBuilt) return { changed: false };
  if (!existsSync(kVite)) throw new Error('vite is not installed: run npm ci');
  await runCommand(process.execPath, [kVite, 'build', '--config', join(kSources, 'vite.config.mjs'), '--logLevel', 'warn'], { cwd: kRoot });
  mkdirSync(join(kRoot, 'build'), { recursive: true });
  writeFileSync(kStamp, wanted);
  return { changed: true };
}

/** Builds when a source changed; answers {changed}. Rejects with CommandFailed and the bundler's words. */
export function buildWeb() {
  return runAlone(kLock, build);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    const { changed } = await buildWeb();
    if (changed) console.log('built dist/web');
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
