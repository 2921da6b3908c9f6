import { PackageOpen } from "lucide-react";
import { useState } from "react";
import { useMissingPermission } from "~/api/permissions";
import { useUnchangeable } from "~/api/ready";
import { Button } from "~/components/Button";
import { Dialog } from "~/components/Dialog";
import { type Staged, StageForm } from "~/pages/staging/StageForm";

/** The button that asks for the data of an observation at a processing location. */
export function StageButton({
  of,
  kind = "plain",
}: {
  readonly of: Staged;
  readonly kind?: "plain" | "main" | "quiet";
}) {
  const [isOpen, setOpen] = useState(false);
  const missing = useMissingPermission("stage_data");
  const unchangeable = useUnchangeable();
  const reason = missing !== null ? `Needs the permission ${missing}` : unchangeable;
  return (
    <>
      <Button
        kind={kind}
        disabled={reason !== null}
        title={reason ?? undefined}
        aria-label={`Stage ${of.title}`}
        onClick={() => setOpen(true)}
      >
        <PackageOpen aria-hidden size={16} />
        Stage
      </Button>
      <Dialog title={`Stage ${of.title}`} open={isOpen} onClose={() => setOpen(false)}>
        <StageForm of={of} onCancel={() => setOpen(false)} />
      </Dialog>
    </>
  );
}
