import { CatchBoundary } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { Dialog } from "~/components/Dialog";
import { MissingPart } from "~/shell/MissingPart";
import { closePalette, usePalette } from "~/shell/palette-state";

const Palette = lazy(() => import("~/shell/Palette").then((module) => ({ default: module.Palette })));

/** The palette, loaded after the page; where that fails, the key that opens it says so. */
export function LazyPalette() {
  return (
    <CatchBoundary getResetKey={() => "palette"} errorComponent={MissingPalette}>
      <Suspense>
        <Palette />
      </Suspense>
    </CatchBoundary>
  );
}

function MissingPalette() {
  return (
    <Dialog title="Search" open={usePalette() !== null} onClose={closePalette}>
      <MissingPart />
    </Dialog>
  );
}
