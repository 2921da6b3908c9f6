import { playwright } from "@vitest/browser-playwright";
import { defineConfig } from "vitest/config";
import { CHROMIUM_OPTIONS } from "./tests/chromium.ts";
import { shared } from "./vite.shared.ts";

/** Prepared before the first test: what is found later makes a second copy of React in the middle of a run. */
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

export default defineConfig({
  test: {
    projects: [
      {
        ...shared,
        test: { name: "unit", environment: "node", include: ["src/**/*.test.ts", "scripts/**/*.test.ts"] },
      },
      {
        ...shared,
        // All that is used is found before the first test: what is found later makes a second copy of React.
        optimizeDeps: { include: PREPARED },
        test: {
          name: "component",
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
