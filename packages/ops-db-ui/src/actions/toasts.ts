import { Toast } from "@base-ui/react/toast";

/** What was done, told for some seconds; anything may add to it. */
export const toasts = Toast.createToastManager();

/** Tell what came of something. */
export function say(title: string): void {
  toasts.add({ title });
}
