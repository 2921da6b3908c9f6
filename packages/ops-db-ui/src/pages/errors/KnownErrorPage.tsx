import { Link } from "@tanstack/react-router";
import { useGet } from "~/api/get";
import { useMe } from "~/api/me";
import { may } from "~/api/permissions";
import { useWho } from "~/api/who";
import { worded } from "~/api/words";
import { CopyAs } from "~/components/CopyAs";
import { Empty } from "~/components/Empty";
import { KeyValues } from "~/components/KeyValues";
import { NotFound } from "~/components/NotFound";
import page from "~/components/Page.module.css";
import { PageTitle } from "~/components/PageTitle";
import { Panel } from "~/components/Panel";
import { RemedySteps } from "~/components/RemedySteps";
import { ListView } from "~/lists/ListView";
import { type Category, titleOf } from "~/pages/errors/categories";
import { ERROR_COLUMNS } from "~/pages/errors/error-columns";
import { FIRST_VIEW } from "~/pages/errors/first-view";
import { BulkVerb } from "~/pages/work/BulkVerb";

/** What is known of a kind of error: its cause, what to do, what happens by itself, and which are open now. */
export function KnownErrorPage({ code }: { readonly code: string }) {
  const categories = useGet("/api/v1/error-categories", {}, { live: false });
  const category = categories.data?.items.find((one) => one.code === code);
  if (categories.data !== undefined && category === undefined) {
    return <NotFound missed={{ kind: "kind of error", id: code }} list="errors" />;
  }
  const title = category === undefined ? "Known error" : titleOf(code, category);
  return (
    <div className={page.stack}>
      <PageTitle title={title} beside={<CopyAs ccat={null} path="/api/v1/error-categories" />}>
        {title}
        <span className={page.kind}>known error</span>
      </PageTitle>
      <Panel title="What it means" of={categories}>
        {() => category !== undefined && <Meaning of={category} />}
      </Panel>
      <Panel title="What to do" of={categories}>
        {() => category !== undefined && <ToDo of={category} />}
      </Panel>
      <section className={page.stack}>
        <h2>Open now</h2>
        <ListView
          operation="list_errors"
          path="/api/v1/errors"
          label="Open errors of this kind"
          columns={ERROR_COLUMNS.filter(({ id }) => id !== "category")}
          fixed={{ ...FIRST_VIEW, category: [code] }}
          bare
          rowLink={({ id }) => ({ to: "/errors/$id", params: { id } })}
          empty={<Empty title="None of this kind is open." />}
        />
      </section>
    </div>
  );
}

function Meaning({ of: category }: { readonly of: Category }) {
  const who = useWho();
  return (
    <>
      <p className={page.lead}>{category.meaning}</p>
      <KeyValues
        items={[
          ["By itself", category.next],
          ["Whose turn", who(category.turn, [])],
          ...(category.error_class === null ? [] : [["Kind", worded(category.error_class)] as const]),
          [
            "More",
            <Link key="help" to="/help/$page" params={{ page: category.help }}>
              Help
            </Link>,
          ],
        ]}
      />
    </>
  );
}

/** The steps of the remedy, the last of which retries all that was given up for it. */
function ToDo({ of: { code, remedy, before_retry } }: { readonly of: Category }) {
  const where = { error_category: [code], status: ["failed" as const] };
  const failed = useGet(
    "/api/v1/open-work/groups",
    { params: { query: { ...where, by: "kind" } } },
    { enabled: may(useMe(), "get_open_work_groups") },
  );
  const count = failed.data?.groups.reduce((sum, { can }) => sum + can.retry, 0) ?? 0;
  return (
    <RemedySteps remedy={count > 0 ? before_retry : remedy}>
      {count > 0 && (
        <span className={page.row}>
          Then retry what was given up for it:
          <BulkVerb verb="retry" count={count} where={where} />
        </span>
      )}
    </RemedySteps>
  );
}
