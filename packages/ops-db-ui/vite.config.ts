import { tanstackRouter } from "@tanstack/router-plugin/vite";
import { defineConfig } from "vite";
import { shared } from "./vite.shared.ts";

const api = process.env.CCAT_UI_API ?? "http://127.0.0.1:8000";

/** What every page has, and the page that most begin with. */
const FIRST = /\/src\/(?:routes\/_shell(?:\.index)?\.tsx|(?:shell|pages\/overview)\/)/;
/** What several pages have. */
const COMMON = /\/src\/(?:actions|api|components|help|live|preferences|time)\//;
/** What is loaded when it is asked for. */
const LATER = /\/(?:LifeLine|life-steps|Palette|palette-items|found|HelpPage|(?:Dialog|Menu|Toast)Box)\b/;

/** The parts of the program that come in one file. */
const GROUPS = [
  { name: "first", test: (id: string) => FIRST.test(id) && !LATER.test(id) },
  { name: "common", test: (id: string) => COMMON.test(id) && !LATER.test(id), minShareCount: 2 },
];

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
    // Over a slow network each file costs a way to the server and back: what the first page needs comes in few.
    cssCodeSplit: false,
    rolldownOptions: { output: { codeSplitting: { groups: GROUPS } } },
  },
  server: { proxy: { "/api": { target: api, changeOrigin: false } } },
});
