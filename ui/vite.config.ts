import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

/** The server that `npm run dev` asks; `make serve` starts it. */
const server = process.env.STREAMGAUGE_URL ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [react()],
  resolve: { alias: { "@": new URL("./src", import.meta.url).pathname } },
  build: {
    outDir: "../src/streamgauge/web/console/built",
    emptyOutDir: true,
    target: "es2022",
    // Fonts and pictures stay files of their own: the page's policy allows no data: URLs but for pictures.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 700,
  },
  server: {
    proxy: Object.fromEntries(
      ["/console/v1", "/solinth", "/thebizness", "/flexprice", "/js", "/docs", "/openapi.json"].map((path) => [path, server]),
    ),
  },
  test: { include: ["src/**/*.test.ts"], environment: "node" },
} as Parameters<typeof defineConfig>[0]);
