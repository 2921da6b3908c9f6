export { needChromium as setup } from "../chromium.ts";
