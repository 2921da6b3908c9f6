import { type Me, useMe } from "~/api/me";
import { operations } from "~/api/operations.gen";

export type OperationId = keyof typeof operations;

/** Whether somebody may call an operation. */
export function may(me: Me, operation: OperationId): boolean {
  const { permission } = operations[operation];
  return permission === null || me.permissions.includes(permission);
}

/** Return the permission that an operation needs and the person lacks; null when nothing is missing. */
export function useMissingPermission(operation: OperationId): string | null {
  const me = useMe();
  return may(me, operation) ? null : operations[operation].permission;
}
