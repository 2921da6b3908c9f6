import { defineConfig } from "@playwright/test";
import { CHROMIUM_OPTIONS } from "./tests/chromium.ts";

const ONE_JOB = 180_000;
const ONE_STEP = 90_000;

export default defineConfig({
  testDir: "tests/main",
  outputDir: process.env.CCAT_UI_TEST_OUTPUT ?? "../../build/ui-tests",
  // One stack, which some of the jobs take parts of out of service.
  workers: 1,
  timeout: ONE_JOB,
  expect: { timeout: ONE_STEP },
  reporter: [["list"]],
  use: {
    baseURL: process.env.CCAT_UI_URL,
    launchOptions: CHROMIUM_OPTIONS,
    locale: "en-GB",
    timezoneId: "UTC",
    actionTimeout: ONE_STEP,
    screenshot: "only-on-failure",
    // Without a picture of each moment: that of the end tells more, and they take a tenth of the time.
    trace: { mode: "retain-on-failure", screenshots: false },
  },
});
