import { Download } from "lucide-react";
import button from "~/components/Button.module.css";
import { usePackages } from "~/pages/observations/packages";

/** Downloads an observation whose data are one package; of several each has its own link in the table. */
export function DownloadLink({ id }: { readonly id: string }) {
  const packages = usePackages(id).data?.items ?? [];
  const [only] = packages;
  if (only === undefined || packages.length > 1 || only.sealed_at === null) return null;
  return (
    <a className={button.button} data-kind="plain" href={`/api/v1/raw-data-packages/${only.id}/content`}>
      <Download aria-hidden size={16} />
      Download tar
    </a>
  );
}
