import type { Given } from "~/actions/ActionDialog";
import { api } from "~/api/client";
import type { Operation } from "~/api/operation";
import { operations } from "~/api/operations.gen";
import type { OperationId } from "~/api/permissions";

/** Return the operation of the contract that a method and an address of the API call; null: none. */
export function operationOf(method: string, path: string): OperationId | null {
  const all: [string, Operation][] = Object.entries(operations);
  const found = all.find(
    ([, operation]) => operation.method === method && pattern(operation.path).test(path),
  );
  return found === undefined ? null : (found[0] as OperationId);
}

/** Make a call that the API itself named: method, address and body. */
export function callByPath(
  method: string,
  path: string,
  body: Readonly<Record<string, unknown>>,
  { idempotencyKey, condition }: Pick<Given, "idempotencyKey" | "condition">,
): Promise<unknown> {
  const call = api.request as (method: string, path: string, init: unknown) => Promise<unknown>;
  return call(method.toLowerCase(), path, {
    body,
    headers: { "Idempotency-Key": idempotencyKey, ...condition },
  });
}

function pattern(path: string): RegExp {
  const parts = path.split(/\{[^}]+\}/).map((part) => part.replace(/[.*+?^$()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join("[^/:]+")}$`);
}
