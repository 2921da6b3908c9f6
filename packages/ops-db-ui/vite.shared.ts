import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import type { UserConfig } from "vite";

/** What building and testing have in common. */
export const shared = {
  plugins: [react()],
  resolve: {
    alias: {
      "~": fileURLToPath(new URL("./src", import.meta.url)),
      "~tests": fileURLToPath(new URL("./tests/component", import.meta.url)),
    },
  },
} satisfies UserConfig;
