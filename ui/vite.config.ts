import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

/** The server that `npm run dev` asks; `make serve` starts it. */
const server = process.env.STREAMGAUGE_URL ?? "http://127.0.0.1:8080";

/** Modules that every page needs, with all that they import: the first page takes one file for them, not sixty small ones. */
const ON_EVERY_PAGE = new RegExp(
  [
    "node_modules[\\\\/](react|react-dom|scheduler|wouter|@tanstack|@floating-ui)[\\\\/]",
    "[\\\\/]ui[\\\\/]src[\\\\/](main|App|shell[\\\\/]Shell|parts[\\\\/]Page|parts[\\\\/]states)\\.tsx",
  ].join("|"),
);

/** Beside each text file its gzip, so that the server never packs anything while it answers. */
function packed(): Plugin {
  return {
    name: "packed",
    apply: "build",
    writeBundle({ dir = "" }) {
      for (const found of readdirSync(dir, { recursive: true, encoding: "utf8" })) {
        if (/\.(js|css|svg|json)$/.test(found)) {
          const path = `${dir}/${found}`;
          writeFileSync(`${path}.gz`, gzipSync(readFileSync(path), { level: 9 }));
        }
      }
    },
  };
}

export default defineConfig({
  plugins: [react(), packed()],
  resolve: { alias: { "@": new URL("./src", import.meta.url).pathname } },
  build: {
    outDir: "../src/streamgauge/web/console/built",
    emptyOutDir: true,
    target: "es2022",
    // Fonts and pictures stay files of their own: the page's policy allows no data: URLs but for pictures.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 700,
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [{ name: "base", test: ON_EVERY_PAGE }],
        },
      },
    },
  },
  server: {
    proxy: Object.fromEntries(
      ["/console/v1", "/solinth", "/thebizness", "/flexprice", "/js", "/docs", "/openapi.json"].map((path) => [
        path,
        server,
      ]),
    ),
  },
  test: { include: ["src/**/*.test.ts"], environment: "node" },
} as Parameters<typeof defineConfig>[0]);
