import { type AnyRouter, useRouter } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { tinykeys } from "tinykeys";
import { ROOMY } from "~/lists/media";
import { paneOf } from "~/lists/state";
import { usePreferences } from "~/preferences/preferences";
import { neighbour } from "~/shell/came-from";
import { ENTRIES } from "~/shell/entries";
import { KeysDialog } from "~/shell/KeysDialog";
import { closePane, showBeside } from "~/shell/Pane";
import { closePalette, isPaletteOpen, openPalette } from "~/shell/palette-state";
import { findTarget, focusInside, focusRow, isBusy, type Target } from "~/shell/targets";

type Bindings = Record<string, (event: KeyboardEvent) => void>;

/** The keys of every page. Those of one letter can be switched off; none works while one types. */
export function Keys() {
  const router = useRouter();
  const { keys } = usePreferences();
  const [isListed, setListed] = useState(false);

  useEffect(
    () =>
      tinykeys(
        window,
        {
          "$mod+k": (event) => {
            event.preventDefault();
            openPalette();
          },
          // The palette does this itself as soon as its code is there.
          escape: (event) => {
            if (event.defaultPrevented) return;
            if (isPaletteOpen()) closePalette();
            else if (shownPane(router) !== null && !isBusy(event)) closePane(router);
            else return;
            event.preventDefault();
          },
        },
        { ignore: (event) => event.isComposing },
      ),
    [router],
  );

  useEffect(() => {
    if (!keys) return;
    const go = (address: string | null) => {
      if (address !== null) router.history.push(address);
      return address !== null;
    };
    const step = (by: 1 | -1) => {
      const pane = shownPane(router);
      if (pane === null) return go(neighbour(router.state.location.pathname, by));
      const next = neighbour(pane, by);
      if (next !== null) showBeside(router, next);
      return next !== null;
    };
    const press = (target: Target) => {
      const element = findTarget(target);
      element?.click();
      return element !== null;
    };
    const pages = Object.fromEntries(ENTRIES.map(({ key, to }) => [`g ${key}`, () => go(to)]));
    const actions: Record<string, () => boolean> = {
      ...pages,
      "[Shift]+/": () => focusInside(findTarget("filters")),
      j: focusRow,
      k: focusRow,
      w: () => press("why"),
      c: () => press("copy"),
      a: () => {
        openPalette("actions");
        return true;
      },
      "[AltGraph]+[": () => step(-1),
      "[AltGraph]+]": () => step(1),
      "[Shift]+?": () => {
        setListed(true);
        return true;
      },
      escape: () => {
        if (!router.history.canGoBack()) return false;
        router.history.back();
        return true;
      },
    };
    const bindings: Bindings = Object.fromEntries(
      Object.entries(actions).map(([key, run]) => [key, (event) => run() && event.preventDefault()]),
    );
    return tinykeys(window, bindings, { ignore: (event) => isPaletteOpen() || isBusy(event) });
  }, [keys, router]);

  return <KeysDialog open={isListed} onClose={() => setListed(false)} />;
}

/** Return the path of the page that stands beside a list now. */
function shownPane(router: AnyRouter): string | null {
  return matchMedia(ROOMY).matches ? paneOf(router.state.location.search) : null;
}
