// Builds the pages to dist/web, which Workers serve as static assets: four documents, each with its own first view, and what is
// loaded later beside them. Nothing is inlined: the Content-Security-Policy (public/_headers) allows our own files only.
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const kHere = fileURLToPath(new URL('./', import.meta.url));
const kPages = ['index', 'dashboard', 'stats', 'api-docs'];

export default defineConfig({
  root: kHere,
  cacheDir: `${kHere}../build/vite`,
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: `${kHere}../dist/web`,
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: { input: kPages.map((page) => `${kHere}${page}.html`) },
  },
});
