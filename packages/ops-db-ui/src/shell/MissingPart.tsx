import { Problem } from "~/api/problem";
import { Button } from "~/components/Button";
import page from "~/components/Page.module.css";
import { ProblemNote } from "~/components/ProblemNote";

/** What stands in place of a part of the interface that could not be loaded. */
export function MissingPart() {
  return (
    <div className={page.stack}>
      <ProblemNote error={PROBLEM} />
      <p>
        <Button kind="main" onClick={() => location.reload()}>
          Reload
        </Button>
      </p>
    </div>
  );
}

const PROBLEM = new Problem(
  0,
  "missing-part",
  "A part of these pages could not be loaded",
  "There is no connection, or a newer version was put in their place.",
  "Load them again as soon as there is a connection.",
);
