import type { Page } from "@playwright/test";
import { variable } from "./environment.ts";

/** Note what a page does that none of ours may: ask another server, break the content security policy, or fail. */
export function misdeeds(page: Page): readonly string[] {
  const found: string[] = [];
  const own = new URL(variable("CCAT_UI_URL")).origin;
  page.on("request", (request) => {
    const { origin, protocol } = new URL(request.url());
    if (origin !== own && protocol.startsWith("http")) found.push(`asked ${request.url()}`);
  });
  page.on("console", (message) => {
    if (message.text().includes("Content Security Policy")) found.push(message.text());
  });
  page.on("pageerror", (error) => found.push(String(error)));
  return found;
}
