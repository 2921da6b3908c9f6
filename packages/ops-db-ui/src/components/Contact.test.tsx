import { beforeEach, expect, test } from "vitest";
import { page } from "vitest/browser";
import { answerNames } from "~/api/names.fixtures";
import { Calls, Contact } from "~/components/Contact";
import { answerCall } from "~tests/answers";
import { expectAccessible, person, show } from "~tests/show";

const READER = person(["read:locations"]);

beforeEach(() => answerNames());

test("telephone numbers and addresses can be pressed", async () => {
  await show(
    <p>
      The staff
      <Contact where={["summit-cologne"]} />.
    </p>,
    { me: READER },
  );
  await expect
    .element(page.getByText(/^The staff/))
    .toMatchTextContent(
      "The staff (FYST: data-centre@ccat.example.org; Cologne: night shift, +49 221 4710 100).",
    );
  await expect
    .element(page.getByRole("link", { name: "data-centre@ccat.example.org" }))
    .toHaveAttribute("href", "mailto:data-centre@ccat.example.org");
  await expect
    .element(page.getByRole("link", { name: "+49 221 4710 100" }))
    .toHaveAttribute("href", "tel:+492214710100");
  await expectAccessible();
});

test("of one site its name is not said again", async () => {
  await show(
    <p>
      The staff
      <Contact where={["summit-buffer", null]} />.
    </p>,
    { me: READER },
  );
  await expect
    .element(page.getByText(/^The staff/))
    .toMatchTextContent("The staff (data-centre@ccat.example.org).");
});

test("where there is nothing to press, each site has a line", async () => {
  await show(
    <p>
      Call <Calls where={["summit-cologne"]} otherwise="the staff" />
    </p>,
    { me: READER },
  );
  await expect
    .element(page.getByText(/^Call/))
    .toMatchTextContent("Call FYST: data-centre@ccat.example.orgCologne: night shift, +49 221 4710 100");
  expect(page.getByRole("link").elements()).toEqual([]);
});

test("where the configuration names none, nothing is said", async () => {
  answerCall("GET /api/v1/sites", 200, {
    items: [{ id: "telescope", name: "FYST", contact: null }],
    next_cursor: null,
  });
  await show(
    <p>
      The staff
      <Contact where={["telescope", "of nowhere"]} />. <Calls where={["telescope"]} otherwise="Ask them" />.
    </p>,
    { me: READER },
  );
  await expect.element(page.getByText(/^The staff/)).toMatchTextContent("The staff. Ask them.");
});
