import { Link } from "@tanstack/react-router";
import { Empty } from "~/components/Empty";
import { PageTitle } from "~/components/PageTitle";

/** An address that leads nowhere. */
export function NotFound() {
  return (
    <>
      <PageTitle>Not found</PageTitle>
      <Empty title="There is nothing at this address, or not yet.">
        <p>
          What was just made may take some seconds to arrive. <Link to="/">Go to the Overview</Link>, or press{" "}
          <kbd>Ctrl</kbd> <kbd>K</kbd> to find something by its id or name.
        </p>
      </Empty>
    </>
  );
}
