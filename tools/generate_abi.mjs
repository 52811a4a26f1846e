// Writes js-shim/abi.mjs from worker/abi.def, so that both sides of the boundary count alike. `--check` only compares.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const kDefinition = fileURLToPath(new URL('../worker/abi.def', import.meta.url));
const kGenerated = fileURLToPath(new URL('../js-shim/abi.mjs', import.meta.url));

/** The text of js-shim/abi.mjs for the text of abi.def. */
export function generateAbi(definition) {
  const list = (macro) => [...definition.matchAll(new RegExp(`^${macro}\\((\\d+), (\\w+)\\)`, 'gm'))].map(([, number, name]) => `${name}: ${number}`);
  const frozen = (name, macro) => `export const ${name} = Object.freeze({ ${list(macro).join(', ')} });\n`;
  return (
    '// Generated from worker/abi.def by tools/generate_abi.mjs; do not edit.\n' +
    frozen('Operation', 'EDGEPOOL_OPERATION') +
    frozen('Status', 'EDGEPOOL_STATUS') +
    frozen('Body', 'EDGEPOOL_BODY') +
    frozen('Word', 'EDGEPOOL_WORD')
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const generated = generateAbi(readFileSync(kDefinition, 'utf8'));
  if (!process.argv.includes('--check')) writeFileSync(kGenerated, generated);
  else if (readFileSync(kGenerated, 'utf8') !== generated) {
    console.error('js-shim/abi.mjs is not what worker/abi.def says: run node tools/generate_abi.mjs');
    process.exit(1);
  }
}
