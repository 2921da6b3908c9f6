import { Link } from "@tanstack/react-router";
import { Download } from "lucide-react";
import { Bytes, Count } from "~/components/Quantity";
import { State } from "~/components/State";
import { Why } from "~/components/Why";
import type { Package } from "~/pages/observations/answers";
import { isHeldUp } from "~/pages/observations/moves";
import styles from "~/pages/observations/PackageMatrix.module.css";
import { StageMark } from "~/pages/observations/StageMark";
import { isThrough, STAGES, type Stage, stagesOf } from "~/pages/observations/stages";

/** The packages of an observation, each with the stages that it has passed and why it does not go on. */
export function PackageMatrix({
  packages,
  siteOf,
}: {
  readonly packages: readonly Package[];
  readonly siteOf: (location: string) => string | undefined;
}) {
  return (
    <div className={styles.frame}>
      {" "}
      <table className={styles.matrix} aria-label="Packages and the stages they passed">
        <thead>
          <tr>
            <th scope="col">Package</th>
            <th scope="col" className={styles.number}>
              Files
            </th>
            <th scope="col" className={styles.number}>
              Size
            </th>
            {STAGES.map(({ id, label }) => (
              <th key={id} scope="col">
                {label}
              </th>
            ))}
            <th scope="col">Where it stands</th>
            <th scope="col">
              <span className="visually-hidden">Download</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {packages.map((one) => (
            <Row key={one.id} of={one} stages={stagesOf(one, siteOf)} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row({ of, stages }: { readonly of: Package; readonly stages: readonly Stage[] }) {
  return (
    <tr>
      <th scope="row" className={styles.name}>
        <Link to="/packages/$id" params={{ id: of.id }}>
          {of.module} · part {of.part_number}
        </Link>
      </th>
      <td className={styles.number}>
        <Count value={of.file_count} one="file" />
      </td>
      <td className={styles.number}>
        <Bytes value={of.size ?? of.payload_bytes} />
      </td>
      {stages.map((stage) => (
        <td key={stage.id} className={styles.stage} data-label={stage.label} data-state={stage.state}>
          <StageMark of={stage} />
        </td>
      ))}
      <td className={styles.standing}>
        <Standing of={of} stages={stages} />
      </td>
      <td className={styles.download}>
        {of.sealed_at !== null && (
          <a
            href={`/api/v1/raw-data-packages/${of.id}/content`}
            aria-label={`Download package ${of.module} part ${of.part_number} as tar`}
          >
            <Download aria-hidden size={16} /> tar
          </a>
        )}
      </td>
    </tr>
  );
}

/** What holds it up and why; once everything is passed, the places of its trusted copies in archives instead of a reason. */
function Standing({ of, stages }: { readonly of: Package; readonly stages: readonly Stage[] }) {
  if (isThrough(stages) || (of.state !== "failed" && !isHeldUp(of.waiting_reason))) {
    const archives = of.copies.filter(
      (copy) => copy.location_type === "long_term_archive" && copy.verified_at !== null,
    );
    return (
      <span className={styles.why}>
        {of.state === "archived" ? <State of="archived" /> : <State of="transferring" word="on the way" />}{" "}
        {archives.map(({ location }) => location).join(", ")}
      </span>
    );
  }
  return (
    <span className={styles.why}>
      {of.state === "failed" ? <State of="failed" word="given up" /> : <State of="waiting" word="waits" />}
      <Why
        reason={of.waiting_reason}
        detail={null}
        since={of.waiting_since}
        where={[of.waiting_detail]}
        subject={of.id}
      />
    </span>
  );
}
