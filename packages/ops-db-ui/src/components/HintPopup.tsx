import { useEffect, useId, useLayoutEffect, useRef, useState } from "react";
import styles from "~/components/Hint.module.css";
import { closeHint, closeHintSoon, keepHint, type OpenHint, useOpenHint } from "~/components/hint-state";
import { useNow } from "~/time/now";

const DISTANCE = 4;
const MARGIN = 8;

/** The one hint that is open, above everything else. It stands once in the document. */
export function HintPopup() {
  const hint = useOpenHint();
  return hint === null ? null : <Popup hint={hint} />;
}

function Popup({ hint }: { readonly hint: OpenHint }) {
  const id = useId();
  const popup = useRef<HTMLDivElement>(null);
  const [place, setPlace] = useState({ left: 0, top: 0 });
  const { element } = hint;
  // Ages go on while one looks.
  useNow();

  useLayoutEffect(() => {
    popup.current?.showPopover();
    element.setAttribute("aria-describedby", id);
    if (popup.current !== null) setPlace(placeBeside(element, popup.current));
    return () => element.removeAttribute("aria-describedby");
  }, [element, id]);

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      closeHint();
    };
    const onPress = (event: PointerEvent) => {
      const target = event.target as Node;
      if (!element.contains(target) && !popup.current?.contains(target)) closeHint();
    };
    document.addEventListener("keydown", onKey, true);
    document.addEventListener("pointerdown", onPress, true);
    document.addEventListener("scroll", closeHint, true);
    return () => {
      document.removeEventListener("keydown", onKey, true);
      document.removeEventListener("pointerdown", onPress, true);
      document.removeEventListener("scroll", closeHint, true);
    };
  }, [element]);

  return (
    <div
      ref={popup}
      id={id}
      role="tooltip"
      popover="manual"
      className={styles.popup}
      style={place}
      onPointerEnter={keepHint}
      onPointerLeave={closeHintSoon}
    >
      <dl className={styles.lines}>
        {hint.lines().map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd dir="auto">{value}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

/** Return where a popup stands: below the element, above it where there is no room, always inside the window. */
function placeBeside(element: HTMLElement, popup: HTMLElement): { left: number; top: number } {
  const around = element.getBoundingClientRect();
  const { width, height } = popup.getBoundingClientRect();
  const below = around.bottom + DISTANCE;
  const fits = below + height <= window.innerHeight - MARGIN;
  const left = Math.min(around.left, window.innerWidth - width - MARGIN);
  return {
    left: Math.max(MARGIN, left),
    top: fits ? below : Math.max(MARGIN, around.top - height - DISTANCE),
  };
}
