// Builds the pages to dist/web, which Workers serve as static assets: one document a page, each with its own first
// view, and what is loaded later beside them. Nothing is inlined: the Content-Security-Policy (public/_headers) allows our own files only.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const kHere = fileURLToPath(new URL('./', import.meta.url));
const kPages = ['index', 'dashboard', 'stats', 'api-docs', 'api-explorer'];

/** The database's schema beside the pages: the home page hands it to the operator who sets the pool up. */
const schema = {
  name: 'edgepool-schema',
  generateBundle() {
    this.emitFile({ type: 'asset', fileName: 'schema.sql', source: readFileSync(`${kHere}../sql/schema.sql`) });
  },
};

export default defineConfig({
  root: kHere,
  cacheDir: `${kHere}../build/vite`,
  plugins: [schema],
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: `${kHere}../dist/web`,
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 600, // the API explorer, which is loaded on demand
    rolldownOptions: { input: kPages.map((page) => `${kHere}${page}.html`) },
  },
});
