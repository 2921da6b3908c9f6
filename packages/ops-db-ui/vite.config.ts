import { tanstackRouter } from "@tanstack/router-plugin/vite";
import { defineConfig } from "vite";
import { shared } from "./vite.shared.ts";

const api = process.env.CCAT_UI_API ?? "http://127.0.0.1:8000";

export default defineConfig({
  plugins: [tanstackRouter({ target: "react", autoCodeSplitting: true }), ...shared.plugins],
  resolve: shared.resolve,
  build: {
    outDir: process.env.CCAT_UI_OUTPUT ?? "../../build/ui",
    emptyOutDir: true,
    target: "es2023",
    // Inlined images would need `data:` for scripts too; small files are few.
    assetsInlineLimit: 0,
    sourcemap: "hidden",
    manifest: "manifest.json",
  },
  server: { proxy: { "/api": { target: api, changeOrigin: false } } },
});
