import { type ReactNode, useState } from "react";
import { useOverlays } from "~/overlays/load";
import { MissingOverlay } from "~/overlays/MissingOverlay";

export interface DialogProps {
  readonly title: string;
  readonly open: boolean;
  /** Left out: the dialog cannot be closed without an answer. */
  readonly onClose?: () => void;
  readonly children: ReactNode;
}

/** A dialog over the page; a sheet from below on narrow screens. Escape closes it unless it must be answered. */
export function Dialog(props: DialogProps) {
  const [wasOpen, setWasOpen] = useState(props.open);
  if (props.open && !wasOpen) setWasOpen(true);
  const { parts, isMissing } = useOverlays(props.open);
  if (parts !== null && wasOpen) return <parts.DialogBox {...props} />;
  return isMissing && props.open && <MissingOverlay {...props} />;
}
