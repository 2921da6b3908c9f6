import "~/styles/tokens.css";
import "~/styles/base.css";
import { afterEach } from "vitest";
import { forgetAnswers, installAnswers } from "./answers";

installAnswers();
afterEach(forgetAnswers);
