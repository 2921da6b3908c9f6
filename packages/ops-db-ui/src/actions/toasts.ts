import { loadOverlays } from "~/overlays/load";

type Teller = (title: string) => void;

/** Results that nobody has told yet. */
let waiting: readonly string[] = [];
let teller: Teller | null = null;

/** Tell what came of something, for some seconds. */
export function say(title: string): void {
  if (teller !== null) {
    teller(title);
    return;
  }
  waiting = [...waiting, title];
  loadOverlays();
}

/** Have somebody tell the results, also those that wait for it; return how to stop that. */
export function tellResults(by: Teller): () => void {
  teller = by;
  for (const title of waiting) by(title);
  waiting = [];
  return () => {
    teller = null;
  };
}

/** Results that wait to be told. */
export function waitingResults(): readonly string[] {
  return waiting;
}
