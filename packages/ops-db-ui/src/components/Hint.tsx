import type { PointerEvent, ReactNode } from "react";
import styles from "~/components/Hint.module.css";
import {
  closeHint,
  closeHintSoon,
  type HintLines,
  isHintOf,
  openHint,
  openHintSoon,
} from "~/components/hint-state";

/** Text with more to it: names and values that appear on hover, focus and tap. One for all pages is open at a time. */
export function Hint({ lines, children }: { readonly lines: () => HintLines; readonly children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it shows more of what it says, and does nothing
    // biome-ignore lint/a11y/useKeyWithClickEvents: with the keyboard the focus shows it
    <span
      ref={closeWithElement}
      className={styles.trigger}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the other forms must be there without a pointer
      tabIndex={0}
      onPointerEnter={(event) => isMouse(event) && openHintSoon({ element: event.currentTarget, lines })}
      onPointerLeave={(event) => isMouse(event) && closeHintSoon()}
      onFocus={(event) => {
        if (event.currentTarget.matches(":focus-visible")) openHint({ element: event.currentTarget, lines });
      }}
      onBlur={closeHint}
      onClick={(event) => {
        // A mouse opens it before it is pressed; a finger has nothing else to close it with.
        const isTap = (event.nativeEvent as Partial<globalThis.PointerEvent>).pointerType === "touch";
        if (isTap && isHintOf(event.currentTarget)) closeHint();
        else openHint({ element: event.currentTarget, lines });
      }}
    >
      {children}
    </span>
  );
}

/** A hint goes with what it belongs to, as when one leaves the page. */
function closeWithElement(element: HTMLElement): () => void {
  return () => {
    if (isHintOf(element)) closeHint();
  };
}

function isMouse(event: PointerEvent): boolean {
  return event.pointerType === "mouse" || event.pointerType === "pen";
}
