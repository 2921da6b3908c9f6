import { waitingResults } from "~/actions/toasts";
import { useOverlays } from "~/overlays/load";

/** Where results are told; once, in the shell. */
export function Toasts() {
  const { parts, isMissing } = useOverlays(false);
  if (parts !== null) return <parts.ToastBox />;
  return isMissing && <p role="alert">{waitingResults().join(" ")}</p>;
}
