import { operations } from "~/api/operations.gen";
import type { OperationId } from "~/api/permissions";
import { Empty } from "~/components/Empty";

/** Something that the person may not read: what is missing, and how to get it. */
export function Forbidden({ operation }: { readonly operation: OperationId }) {
  return (
    <Empty title="You may not see this.">
      <p>
        It needs the permission <code>{operations[operation].permission}</code>, which none of your roles
        gives. Ask whoever administers the data centre for a role that does.
      </p>
    </Empty>
  );
}
