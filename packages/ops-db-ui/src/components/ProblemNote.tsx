import { Link } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { Problem } from "~/api/problem";
import { Button } from "~/components/Button";
import styles from "~/components/ProblemNote.module.css";

/** What went wrong and what to do; *Try again* only where that may help. */
export function ProblemNote({ error, again }: { readonly error: Error; readonly again?: () => void }) {
  const problem = error instanceof Problem ? error : defect(error);
  return (
    <div className={styles.problem} role="alert" data-forbidden={problem.status === 403}>
      <p className={styles.title}>{problem.title}</p>
      <p>{problem.detail}</p>
      {problem.fields.length > 0 && (
        <ul>
          {problem.fields.map(({ field, reason }) => (
            <li key={`${field} ${reason}`}>
              {field !== null && <code>{field}</code>} {reason}
            </li>
          ))}
        </ul>
      )}
      {problem.remedy !== null && <p>{problem.remedy}</p>}
      <p className={styles.foot}>
        {again !== undefined && problem.retry.may === "same-request" && (
          <TryAgain after={problem.retry.afterSeconds} again={again} />
        )}
        {problem.help !== null && (
          <Link to="/help/$page" params={{ page: problem.help }}>
            Help
          </Link>
        )}
        {problem.requestId !== null && (
          <span>
            Request <code>{problem.requestId}</code>
          </span>
        )}
      </p>
    </div>
  );
}

function TryAgain({ after, again }: { readonly after: number | null; readonly again: () => void }) {
  const [left, setLeft] = useState(after ?? 0);
  useEffect(() => {
    if (left <= 0) return;
    const timer = setTimeout(() => setLeft(left - 1), 1_000);
    return () => clearTimeout(timer);
  }, [left]);
  return (
    <Button
      onClick={() => {
        setLeft(after ?? 0);
        again();
      }}
    >
      {left > 0 ? `Try again (by itself in ${left} s)` : "Try again"}
    </Button>
  );
}

function defect(error: Error): Problem {
  return new Problem(
    500,
    "interface",
    "This page has a defect",
    error.message,
    "Load the page again; if it happens again, report it with the address and this text.",
  );
}
