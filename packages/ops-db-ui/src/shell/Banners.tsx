import { Info, TriangleAlert } from "lucide-react";
import { useGet } from "~/api/get";
import { useNotReady } from "~/api/ready";
import { Button } from "~/components/Button";
import styles from "~/shell/Banners.module.css";
import { useNewVersion } from "~/shell/new-version";

/** What concerns every page: the data centre is not ready, or a newer version of the interface is there. */
export function Banners() {
  const isNew = useNewVersion();
  useGet("/api/v1/status", {});
  const problem = useNotReady();
  return (
    <>
      {problem !== null && (
        <p className={styles.banner} data-tone="watch" role="alert">
          <TriangleAlert aria-hidden size={16} />
          <span className={styles.text}>
            The data centre is not ready: {problem.detail}. What you see may be old. It is asked again by
            itself.
          </span>
        </p>
      )}
      {isNew && (
        <p className={styles.banner} data-tone="moving" role="status">
          <Info aria-hidden size={16} />
          <span className={styles.text}>There is a newer version of these pages.</span>
          <Button onClick={() => location.reload()}>Reload</Button>
        </p>
      )}
    </>
  );
}
