import { useLayoutEffect, useRef } from "react";
import { useOverlays } from "~/overlays/load";
import { MissingOverlay } from "~/overlays/MissingOverlay";
import { closePalette, typeAhead, usePalette } from "~/shell/palette-state";

/** The palette, loaded after the page; where that fails, the key that opens it says so. */
export function LazyPalette() {
  const palette = usePalette();
  const { parts, isMissing } = useOverlays(palette !== null);
  if (parts !== null) return <parts.Palette />;
  if (palette === null) return null;
  return isMissing ? <MissingOverlay title="Search" onClose={closePalette} /> : <TypedAhead />;
}

/** Takes what somebody types until the palette is there. */
function TypedAhead() {
  const field = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => {
    const before = document.activeElement;
    field.current?.focus();
    // The palette gives the focus back to what has it when it opens.
    return () => {
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <div role="dialog" aria-label="Search" aria-busy className="visually-hidden">
      <input ref={field} aria-label="Search" onChange={(event) => typeAhead(event.currentTarget.value)} />
    </div>
  );
}
