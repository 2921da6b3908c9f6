import { playwright } from "@vitest/browser-playwright";
import { defineConfig } from "vitest/config";
import { CHROMIUM_OPTIONS } from "./tests/chromium.ts";
import { shared } from "./vite.shared.ts";

/** All packages that tests load in the browser, prepared before the first of them. */
const PREPARED = [
  "@base-ui/react/csp-provider",
  "@base-ui/react/dialog",
  "@base-ui/react/menu",
  "@base-ui/react/popover",
  "@base-ui/react/toast",
  "@tanstack/react-query",
  "@tanstack/react-router",
  "@tanstack/react-table",
  "@tanstack/react-virtual",
  "axe-core",
  "lucide-react",
  "openapi-fetch",
  "react",
  "react-dom/client",
  "react/jsx-dev-runtime",
  "react/jsx-runtime",
  "tinykeys",
  "vitest-browser-react",
];

/** Milliseconds; long enough for a machine that does other things beside: limits are no assertions. */
const ONE_TEST = 60_000;
const ONE_WAIT = 30_000;

export default defineConfig({
  test: {
    projects: [
      {
        ...shared,
        test: {
          name: "unit",
          environment: "node",
          // One process for many files: none of them leaves anything behind.
          isolate: false,
          include: ["src/**/*.test.ts", "scripts/**/*.test.ts"],
        },
      },
      {
        ...shared,
        // Nothing is looked for: what is found in the middle of a run loads all pages anew, with a second React.
        optimizeDeps: { include: PREPARED, noDiscovery: true },
        test: {
          name: "component",
          testTimeout: ONE_TEST,
          hookTimeout: ONE_TEST,
          // Vitest's own limit is a second, which a loaded machine needs for one answer.
          expect: { poll: { timeout: ONE_WAIT } },
          include: ["src/**/*.test.tsx"],
          globalSetup: "tests/component/need-chromium.ts",
          setupFiles: "tests/component/setup.ts",
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({
              launchOptions: CHROMIUM_OPTIONS,
              contextOptions: { locale: "en-GB", timezoneId: "UTC", reducedMotion: "reduce" },
            }),
            instances: [{ browser: "chromium" }],
          },
        },
      },
    ],
  },
});
