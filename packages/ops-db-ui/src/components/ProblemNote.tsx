import { Link } from "@tanstack/react-router";
import { CircleX, Lock, SearchX, Unplug } from "lucide-react";
import type { ReactNode } from "react";
import { Problem } from "~/api/problem";
import styles from "~/components/ProblemNote.module.css";
import { TryAgain } from "~/components/TryAgain";

type Kind = "forbidden" | "not-found" | "away" | "error";

const ICONS = { forbidden: Lock, "not-found": SearchX, away: Unplug, error: CircleX } as const;

/** What went wrong and what to do; *Try again* only where that may help. */
export function ProblemNote({ error, again }: { readonly error: Error; readonly again?: () => void }) {
  const problem = error instanceof Problem ? error : defect(error);
  const kind = kindOf(problem);
  const Icon = ICONS[kind];
  return (
    <div className={styles.problem} role={kind === "error" ? "alert" : "note"} data-kind={kind}>
      <p className={styles.title}>
        <Icon aria-hidden size={16} className={styles.icon} />
        {titleOf(problem, kind)}
      </p>
      {problem.permission !== null ? (
        <HowToGet permission={problem.permission} roles={problem.roles} />
      ) : (
        <p dir="auto">{sentence(problem.detail)}</p>
      )}
      {problem.fields.length > 0 && (
        <ul className={styles.fields}>
          {problem.fields.map(({ field, reason }) => (
            <li key={`${field} ${reason}`} dir="auto">
              {field !== null && <code>{field}</code>} {reason}
            </li>
          ))}
        </ul>
      )}
      {problem.remedy !== null && <p dir="auto">{problem.remedy}</p>}
      <Foot problem={problem} again={again} />
    </div>
  );
}

function Foot({ problem, again }: { readonly problem: Problem; readonly again: (() => void) | undefined }) {
  const parts: ReactNode[] = [];
  if (again !== undefined && problem.retry.may === "same-request") {
    parts.push(<TryAgain key="again" after={problem.retry.afterSeconds} again={again} />);
  }
  if (problem.help !== null) {
    parts.push(
      <Link key="help" to="/help/$page" params={{ page: problem.help }}>
        Help
      </Link>,
    );
  }
  if (problem.requestId !== null && problem.requestId !== "") {
    parts.push(
      <span key="request">
        Request <code>{problem.requestId}</code>
      </span>,
    );
  }
  return parts.length === 0 ? null : <div className={styles.foot}>{parts}</div>;
}

function HowToGet({ permission, roles }: { readonly permission: string; readonly roles: readonly string[] }) {
  return (
    <p>
      It needs the permission <code>{permission}</code>, which you do not have.{" "}
      {roles.length > 0 ? `These roles give it: ${roles.join(", ")}.` : "No role gives it yet."} Ask whoever
      administers the data centre at your site.
    </p>
  );
}

function kindOf(problem: Problem): Kind {
  if (problem.status === 403 && problem.permission !== null) return "forbidden";
  if (problem.status === 404) return "not-found";
  return problem.status === 0 ? "away" : "error";
}

function titleOf(problem: Problem, kind: Kind): string {
  if (kind === "forbidden") return "You may not see or do this";
  return kind === "not-found" ? "There is no such thing, or not yet here" : problem.title;
}

/** The API writes sentences without a capital letter and a full stop. */
function sentence(text: string): string {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?…]$/.test(begun) ? begun : `${begun}.`;
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
