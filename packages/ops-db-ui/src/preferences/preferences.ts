import { useSyncExternalStore } from "react";

/** What a person chose for this browser. */
export interface Preferences {
  readonly theme: "system" | "light" | "dark";
  readonly density: "compact" | "normal" | "spacious";
  readonly time: "utc" | "site" | "lst" | "mjd" | "age";
  readonly keys: boolean;
  /** Address of the page that one begins with. */
  readonly home: (typeof CHOICES)["home"][number];
}

const KEY = "ccat-preferences";
const DEFAULTS: Preferences = { theme: "system", density: "normal", time: "utc", keys: true, home: "/" };
const CHOICES = {
  theme: ["system", "light", "dark"],
  density: ["compact", "normal", "spacious"],
  time: ["utc", "site", "lst", "mjd", "age"],
  home: ["/", "/work", "/errors", "/observations", "/staging"],
} as const;

let current: Preferences = read();
const listeners = new Set<() => void>();

/** Return the preferences, and be drawn again when they change. */
export function usePreferences(): Preferences {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => current,
  );
}

/** Change some preferences; they are kept in this browser. */
export function setPreferences(changes: Partial<Preferences>): void {
  current = { ...current, ...changes };
  try {
    localStorage.setItem(KEY, JSON.stringify(current));
  } catch {
    // A browser that keeps nothing: they hold until the page is closed.
  }
  applyPreferences();
  for (const listener of listeners) listener();
}

/** Put theme and density on the document. */
export function applyPreferences(): void {
  const { dataset } = document.documentElement;
  dataset.theme = current.theme;
  dataset.density = current.density;
}

function read(): Preferences {
  let kept: unknown;
  try {
    kept = JSON.parse(localStorage.getItem(KEY) ?? "{}");
  } catch {
    return DEFAULTS;
  }
  if (typeof kept !== "object" || kept === null) return DEFAULTS;
  const chosen = <K extends keyof typeof CHOICES>(name: K): Preferences[K] => {
    const value: unknown = Reflect.get(kept, name);
    return (CHOICES[name].find((one) => one === value) ?? DEFAULTS[name]) as Preferences[K];
  };
  return {
    theme: chosen("theme"),
    density: chosen("density"),
    time: chosen("time"),
    keys: Reflect.get(kept, "keys") !== false,
    home: chosen("home"),
  };
}
