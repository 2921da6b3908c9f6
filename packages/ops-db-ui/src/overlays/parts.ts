// Everything that stands over pages, in one part of the program: `load.ts` loads it.
export { DialogBox } from "~/overlays/DialogBox";
export { MenuBox, menuParts } from "~/overlays/MenuBox";
export { ToastBox } from "~/overlays/ToastBox";
export { Palette } from "~/shell/Palette";
