import { Link, useLoaderData } from "@tanstack/react-router";
import { Empty } from "~/components/Empty";
import { PageTitle } from "~/components/PageTitle";
import { HELP_TITLES } from "~/help/pages";
import type { HelpText } from "~/help/texts";
import styles from "~/pages/help/HelpPage.module.css";

/** The text that explains a page, the terms used there and where to read on. */
export function HelpPage() {
  return <HelpArticle text={useLoaderData({ from: "/_shell/help/$page" })} />;
}

/** A help text with its contents and a list of all others; null: there is none of this name. */
export function HelpArticle({ text }: { readonly text: HelpText | null }) {
  return (
    <div className={styles.page}>
      <div className={styles.text}>
        <PageTitle title={`Help: ${text?.title ?? "not found"}`}>
          {text?.title ?? "No such help text"}
        </PageTitle>
        {text === null ? (
          <Empty title="There is no help text of this name.">
            <p>These are all there are:</p>
            <HelpList />
          </Empty>
        ) : (
          <>
            {text.sections.length > 1 && (
              <nav aria-label="On this page" className={styles.contents}>
                <ul>
                  {text.sections.map(({ id, title }) => (
                    <li key={id}>
                      <a href={`#${id}`}>{title}</a>
                    </li>
                  ))}
                </ul>
              </nav>
            )}
            <text.Text />
          </>
        )}
      </div>
      <nav aria-label="All help texts" className={styles.all}>
        <h2>All help texts</h2>
        <HelpList />
      </nav>
    </div>
  );
}

function HelpList() {
  return (
    <ul>
      {Object.entries(HELP_TITLES).map(([page, title]) => (
        <li key={page}>
          <Link to="/help/$page" params={{ page }}>
            {title}
          </Link>
        </li>
      ))}
    </ul>
  );
}
