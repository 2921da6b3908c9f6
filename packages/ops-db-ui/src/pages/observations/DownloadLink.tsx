import { Download } from "lucide-react";
import { LinkButton } from "~/components/LinkButton";
import { usePackages } from "~/pages/observations/packages";

/** Downloads an observation whose data are one package; of several each has its own link in the table. */
export function DownloadLink({ id }: { readonly id: string }) {
  const packages = usePackages(id).data?.items ?? [];
  const [only] = packages;
  if (only === undefined || packages.length > 1 || only.sealed_at === null) return null;
  return (
    <LinkButton href={`/api/v1/raw-data-packages/${only.id}/content`}>
      <Download aria-hidden size={16} />
      Download package
    </LinkButton>
  );
}
