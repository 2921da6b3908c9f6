import { fileURLToPath } from "node:url";
import { tanstackRouter } from "@tanstack/router-plugin/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const api = process.env.CCAT_UI_API ?? "http://127.0.0.1:8000";

export default defineConfig({
  plugins: [tanstackRouter({ target: "react", autoCodeSplitting: true }), react()],
  resolve: { alias: { "~": fileURLToPath(new URL("./src", import.meta.url)) } },
  build: {
    outDir: process.env.CCAT_UI_OUTPUT ?? "../../build/ui",
    emptyOutDir: true,
    target: "es2023",
    // Inlined images would need `data:` for scripts too; small files are few.
    assetsInlineLimit: 0,
    sourcemap: "hidden",
  },
  server: { proxy: { "/api": { target: api, changeOrigin: false } } },
});
