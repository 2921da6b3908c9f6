import { playwright } from "@vitest/browser-playwright";
import { defineConfig } from "vitest/config";
import { CHROMIUM_OPTIONS } from "./tests/chromium.ts";
import { shared } from "./vite.shared.ts";

export default defineConfig({
  test: {
    projects: [
      {
        ...shared,
        test: { name: "unit", environment: "node", include: ["src/**/*.test.ts", "scripts/**/*.test.ts"] },
      },
      {
        ...shared,
        optimizeDeps: { include: ["axe-core", "vitest-browser-react"] },
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
