// A wall clock that can be stepped, for one process: stepped_clock.c, built once into the build folder and preloaded.
import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const kSource = fileURLToPath(new URL('stepped_clock.c', import.meta.url));
const kLibrary = fileURLToPath(new URL('../../build/chaos/stepped_clock.so', import.meta.url));

export class SteppedClock {
  #folder = mkdtempSync(join(tmpdir(), 'edgepool-clock-'));
  #file = openSync(join(this.#folder, 'step'), 'w+');

  constructor() {
    mkdirSync(join(kLibrary, '..'), { recursive: true });
    execFileSync('cc', ['-shared', '-fPIC', '-O1', '-Wall', '-Werror', '-o', kLibrary, kSource]);
    this.step(0);
  }

  /** The environment of a process with this clock. */
  get environment() {
    return { LD_PRELOAD: kLibrary, STEPPED_CLOCK: join(this.#folder, 'step') };
  }

  /** From now on the clock is so many seconds off the right time. */
  step(seconds) {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt(seconds));
    writeSync(this.#file, bytes, 0, bytes.length, 0);
  }

  close() {
    closeSync(this.#file);
    rmSync(this.#folder, { recursive: true });
  }
}
