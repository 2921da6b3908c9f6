/** A help text as `scripts/help-pages.mjs` compiles it. */
declare module "*.md" {
  export const title: string;
  export const sections: readonly { readonly id: string; readonly title: string }[];
  export function Text(): import("react").ReactNode;
}
