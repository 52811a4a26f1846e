// Secrets that a local run makes up once and keeps: the admin token, the embedded database's service key, the practice
// client token. One file in the data folder that only its owner can read.
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const kMakers = {
  admin_token: () => `admin-${randomBytes(24).toString('base64url')}`,
  service_key: () => `sb_secret_${randomBytes(24).toString('hex')}`,
  client_token: () => `practice-client-${randomBytes(24).toString('base64url')}`,
};

/** {admin_token, service_key, client_token}: read from `dataDir`, what is missing made and written. */
export function rememberedSecrets(dataDir) {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const file = join(dataDir, 'secrets.json');
  const known = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  const secrets = Object.fromEntries(Object.entries(kMakers).map(([name, make]) => [name, typeof known[name] === 'string' ? known[name] : make()]));
  if (Object.keys(secrets).some((name) => secrets[name] !== known[name])) writeFileSync(file, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 });
  chmodSync(file, 0o600);
  return secrets;
}
