import "~/styles/tokens.css";
import "~/styles/base.css";
import { afterEach } from "vitest";
import { forgetAnswers, installAnswers } from "./answers";
import { startClock } from "./clock";

installAnswers();
afterEach(() => {
  forgetAnswers();
  startClock();
});
