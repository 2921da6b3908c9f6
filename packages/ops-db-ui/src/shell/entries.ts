import { FolderDown, Gauge, type LucideIcon, Telescope, TriangleAlert, Workflow } from "lucide-react";
import type { OperationId } from "~/api/permissions";

/** An entry of the navigation. */
export interface Entry {
  readonly to: "/" | "/work" | "/errors" | "/observations" | "/staging";
  readonly label: string;
  readonly icon: LucideIcon;
  /** Second key after `g`. */
  readonly key: string;
  /** Call without which the page has nothing to show; who may not make it does not see the entry. */
  readonly needs: OperationId;
}

/** The entries in their order. */
export const ENTRIES: readonly Entry[] = [
  { to: "/", label: "Overview", icon: Gauge, key: "o", needs: "get_status" },
  { to: "/work", label: "Work", icon: Workflow, key: "w", needs: "list_data_transfers" },
  { to: "/errors", label: "Errors", icon: TriangleAlert, key: "e", needs: "list_errors" },
  { to: "/observations", label: "Observations", icon: Telescope, key: "b", needs: "list_executions" },
  { to: "/staging", label: "Staging", icon: FolderDown, key: "s", needs: "list_staging_jobs" },
];
