import {
  type ComponentProps,
  cloneElement,
  type KeyboardEvent,
  type MouseEvent,
  type ReactElement,
  type ReactNode,
  useState,
} from "react";
import { loadOverlays, type Overlays, useOverlays } from "~/overlays/load";
import { MissingOverlay } from "~/overlays/MissingOverlay";

/** A click of the keyboard, not of a pointer. */
const BY_KEY = 0;

type TriggerProps = ComponentProps<"button">;

/** A button that opens a list of choices below it, which is loaded when somebody is about to press it. */
export function Menu({
  trigger,
  wide = false,
  children,
}: {
  readonly trigger: ReactElement<TriggerProps>;
  /** For choices with long texts. */
  readonly wide?: boolean;
  readonly children: (parts: Overlays["menuParts"]) => ReactNode;
}) {
  const [pressed, setPressed] = useState<number | null>(null);
  const { parts, isMissing } = useOverlays(pressed !== null);
  if (parts !== null && pressed !== null) {
    return (
      <parts.MenuBox trigger={trigger} wide={wide} pressed={pressed}>
        {children(parts.menuParts)}
      </parts.MenuBox>
    );
  }
  const button = cloneElement(trigger, {
    "aria-haspopup": "menu",
    "aria-expanded": false,
    "aria-busy": pressed !== null && !isMissing,
    onPointerEnter: loadOverlays,
    onFocus: loadOverlays,
    // Who went on meanwhile wants it no more.
    onBlur: () => isMissing || setPressed(null),
    onClick: ({ detail }: MouseEvent) => setPressed(detail),
    onKeyDown: (event: KeyboardEvent) => {
      if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
      event.preventDefault();
      setPressed(BY_KEY);
    },
  });
  return (
    <>
      {button}
      {isMissing && pressed !== null && <MissingOverlay title="Choices" onClose={() => setPressed(null)} />}
    </>
  );
}
