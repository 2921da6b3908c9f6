import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import type { UserConfig } from "vite";
import { helpPages } from "./scripts/help-pages.ts";

/** What building and testing have in common. */
export const shared = {
  plugins: [helpPages(), react()],
  resolve: {
    alias: {
      "~": fileURLToPath(new URL("./src", import.meta.url)),
      "~tests": fileURLToPath(new URL("./tests/component", import.meta.url)),
    },
  },
} satisfies UserConfig;
