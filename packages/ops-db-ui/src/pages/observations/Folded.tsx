import { ChevronDown } from "lucide-react";
import { type ReactNode, useState } from "react";
import { Button } from "~/components/Button";
import { NARROW, useMedia } from "~/lists/media";

/** A part of a page that is folded on narrow screens until one asks for it. */
export function Folded({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  const isNarrow = useMedia(NARROW);
  const [isOpen, setOpen] = useState(false);
  if (!isNarrow || isOpen) return children;
  return (
    <Button aria-expanded={false} onClick={() => setOpen(true)}>
      <ChevronDown aria-hidden size={16} />
      {title}
    </Button>
  );
}
