import { tanstackRouter } from "@tanstack/router-plugin/vite";
import { defineConfig, type Plugin } from "vite";
import { shared } from "./vite.shared.ts";

const api = process.env.CCAT_UI_API ?? "http://127.0.0.1:8000";

/** What every page has, and the page that most begin with. */
const FIRST = /\/src\/(?:routes\/_shell(?:\.index)?\.tsx|(?:shell|pages\/overview)\/)/;
/** What several pages have. */
const COMMON = /\/src\/(?:actions|api|components|help|live|preferences|time)\//;
/** What is loaded when it is asked for. */
const LATER = /\/(?:LifeLine|life-steps|Palette|palette-items|found|HelpPage|(?:Dialog|Menu|Toast)Box)\b/;

/** What runs before the program; it has a file of its own. */
const AHEAD = "ahead";

/** The parts of the program that come in one file. */
const GROUPS = [
  { name: AHEAD, test: /\/src\/ahead\.ts/ },
  { name: "first", test: (id: string) => FIRST.test(id) && !LATER.test(id) },
  { name: "common", test: (id: string) => COMMON.test(id) && !LATER.test(id), minShareCount: 2 },
];

/** Lets the document run what does not wait for the program. */
function runAhead(): Plugin {
  return {
    name: "run-ahead",
    apply: "build",
    transformIndexHtml: {
      order: "post",
      handler(_, { bundle }) {
        const file = Object.values(bundle ?? {}).find(({ name }) => name === AHEAD)?.fileName;
        if (file === undefined) throw new Error("there is no script that runs ahead");
        const attrs = { type: "module", async: true, crossorigin: true, src: `/${file}` };
        return [{ tag: "script", attrs, injectTo: "head-prepend" }];
      },
    },
  };
}

export default defineConfig({
  plugins: [tanstackRouter({ target: "react", autoCodeSplitting: true }), ...shared.plugins, runAhead()],
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
