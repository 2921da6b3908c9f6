import { vi } from "vitest";
import { setClock } from "~/time/now";

/**
 * Let the clock stand in this test, or stand at another moment from now on. The fake clock of Vitest goes on while an
 * element is waited for, which on a loaded machine are seconds.
 */
export function stopClock(at: string | number): void {
  vi.spyOn(Date, "now").mockReturnValue(new Date(at).getTime());
}

/** Let the clock go, and forget what a test said of the data centre's. */
export function startClock(): void {
  if (vi.isMockFunction(Date.now)) vi.mocked(Date.now).mockRestore();
  setClock(new Date(), Date.now());
}
