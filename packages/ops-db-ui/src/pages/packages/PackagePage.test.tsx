import { beforeEach, expect, test } from "vitest";
import { page } from "vitest/browser";
import { PackagePage } from "~/pages/packages/PackagePage";
import { GIVEN_UP, LIFE, PACKAGE, UNPACKED } from "~/pages/packages/packages.fixtures";
import { answer } from "~tests/answers";
import { expectAccessible, expectNoSidewaysScroll, person, show } from "~tests/show";

const ADDRESS = `/api/v1/raw-data-packages/${PACKAGE.id}`;
const NO_ROWS = { items: [], next_cursor: null };
const MAY = ["read:data", "read:transfers", "read:locations", "manage:transfers"];

const DENIED = {
  code: "access_denied",
  text: "Access to the bucket denied",
  meaning: "The credential may not write in the bucket.",
  remedy: "Give the credential these rights. Then retry the work.",
  next: "The work is given up at once.",
  turn: "operator",
  help: "errors",
  before_retry: "Give the credential these rights.",
  while_it_lasts: "Give the credential these rights.",
  error_class: "configuration",
} as const;

beforeEach(() => {
  answer(ADDRESS as "/api/v1/raw-data-packages/{package_id}", PACKAGE);
  answer(`${ADDRESS}/life-line` as "/api/v1/raw-data-packages/{package_id}/life-line", LIFE);
  answer(`${ADDRESS}/files` as "/api/v1/raw-data-packages/{package_id}/files", NO_ROWS);
  answer("/api/v1/error-categories", { items: [DENIED] });
  answer("/api/v1/data-locations", NO_ROWS);
  answer("/api/v1/raw-data-files", NO_ROWS);
  answer("/api/v1/open-work", NO_ROWS);
});

test("what was given up says what to mend first, then offers to retry", async () => {
  await show(<PackagePage id={PACKAGE.id} />, { me: person(MAY) });
  await expect
    .element(page.getByRole("heading", { level: 1 }))
    .toMatchTextContent("Package chai-hfa · part 2 of Orion-KL_CHAI_CO76");
  const where = page.getByRole("region", { name: "Where it is" });
  await expect.element(where.getByText("No archive has it yet; 2 are to have it.")).toBeVisible();
  await expect
    .element(where.getByText(/^Nothing is lost: a verified copy is at ccat.output-buffer/))
    .toBeVisible();
  const steps = where.getByRole("listitem");
  await expect.element(steps.first()).toMatchTextContent("Give the credential these rights.");
  await expect
    .element(steps.last().getByRole("button", { name: "Retry" }))
    .toHaveAttribute("aria-disabled", "false");
  await expect
    .element(where.getByRole("link", { name: "See this work" }))
    .toHaveAttribute("href", "/work/data-transfers/019ce2c8-3333-7d1e-a8ce-d2d775c7b370");
  await expectAccessible();
});

test("before it is packed its files are said to be at their source, and wait to be packed", async () => {
  const checksum = "xxh3-128:0ae34af91c550d00a11556a577f92d6b";
  answer(ADDRESS as "/api/v1/raw-data-packages/{package_id}", {
    ...PACKAGE,
    sealed_at: null,
    size: null,
    checksum: null,
    manifest_checksum: null,
    copies: [],
  });
  answer(`${ADDRESS}/life-line` as "/api/v1/raw-data-packages/{package_id}/life-line", {
    archives_in_doubt: [],
    steps: [
      {
        ...GIVEN_UP,
        subject_type: "package_creation",
        title: "Packing failed",
        detail: `2026/a.fits: its checksum is ${checksum}; filed as ${checksum}`,
      },
    ],
  });
  answer(`${ADDRESS}/files` as "/api/v1/raw-data-packages/{package_id}/files", {
    items: [UNPACKED],
    next_cursor: null,
  });
  await show(<PackagePage id={PACKAGE.id} />, { me: person(MAY) });
  await expect
    .element(page.getByText("Not packed yet; the 8 files themselves are at ccat.chai-raw-data."))
    .toBeVisible();
  await expect.element(page.getByText("once it is packed").last()).toBeVisible();
  expect(page.getByRole("link", { name: /^Download/ }).elements()).toEqual([]);
  const where = page.getByRole("region", { name: "Where it is" });
  await expect
    .element(where.getByRole("strong"))
    .toMatchTextContent(/^a\.fits: its checksum is xxh3-128:0ae34a…$/);
  await where.getByText("The message word for word").click();
  await expect.element(where.getByText(new RegExp(`filed as ${checksum}$`))).toBeVisible();
});

test("a package that is archived tells its life, its copies and its files, each to be downloaded", async () => {
  const packed = { ...UNPACKED, member_offset: 512, member_checksum: "sha256:00" };
  answer(`${ADDRESS}/files` as "/api/v1/raw-data-packages/{package_id}/files", {
    items: [packed],
    next_cursor: null,
  });
  await show(<PackagePage id={PACKAGE.id} />, { me: person(MAY) });
  const life = page.getByRole("figure", { name: /life line of 3 steps/i });
  await expect
    .element(life)
    .toMatchTextContent(
      /Packaging at ccat.chai failed.*3 attempts.*Moving from .* failed.*To be archived at cologne\.lta/,
    );
  const copy = page.getByRole("table", { name: "Copies" }).getByRole("row").nth(1);
  await expect
    .element(copy)
    .toMatchTextContent(/ccat\.output-buffer.*verified.*2026-03-13 12:29:18Z.*3\.30 GB/);
  const file = page.getByRole("table", { name: "Files of this package" }).getByRole("row").nth(1);
  await expect.element(file).toMatchTextContent(/a\.fits.*412 MB/);
  await expect
    .element(file.getByRole("link", { name: /Download/ }))
    .toHaveAttribute("href", `/api/v1/raw-data-files/${packed.id}/content`);
  await expect
    .element(page.getByRole("link", { name: "Download package" }))
    .toHaveAttribute("href", `/api/v1/raw-data-packages/${PACKAGE.id}/content`);
});

test("a file that is not as it was filed stands before the others, with what is wrong", async () => {
  const bad = { ...UNPACKED, problem: "its checksum is another" };
  answer("/api/v1/raw-data-files", { items: [bad], next_cursor: null });
  await show(<PackagePage id={PACKAGE.id} />, { me: person(MAY) });
  await expect
    .element(page.getByRole("table", { name: "Bad files" }).getByRole("row").nth(1))
    .toMatchTextContent(/a\.fits.*its checksum is another/);
  await expect.element(page.getByRole("heading", { name: "This file is not as it was filed" })).toBeVisible();
});

test("a telephone shows the first ten files, and all of them when they are wanted", async () => {
  const files = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, at) => ({
      ...UNPACKED,
      id: `file-${from + at}`,
      relative_path: `2026/scan-${String(from + at).padStart(2, "0")}.fits`,
    }));
  answer(ADDRESS as "/api/v1/raw-data-packages/{package_id}", { ...PACKAGE, file_count: 12 });
  const path = `${ADDRESS}/files`;
  answer(path as "/api/v1/raw-data-packages/{package_id}/files", { items: files(0, 12), next_cursor: null });
  const first = `${path}?sort=relative_path&limit=10` as "/api/v1/raw-data-packages/{package_id}/files";
  answer(first, { items: files(0, 10), next_cursor: "more" });
  await show(<PackagePage id={PACKAGE.id} />, { me: person(MAY), width: "narrow" });
  await expect.element(page.getByText("scan-09.fits")).toBeVisible();
  expect(page.getByText("scan-10.fits").elements()).toEqual([]);
  await page.getByRole("button", { name: "All 12 files" }).click();
  await expect.element(page.getByText("scan-11.fits")).toBeVisible();
  expectNoSidewaysScroll();
});

test("who may not retry is told so", async () => {
  await show(<PackagePage id={PACKAGE.id} />, { me: person(["read:data", "read:transfers"]) });
  const retry = page.getByRole("button", { name: "Retry" });
  await expect.element(retry).toHaveAttribute("aria-disabled", "true");
  await expect.element(retry).toHaveAccessibleDescription(/manage:transfers/);
});

test("an archive in doubt does not count for certain", async () => {
  const lta = { ...PACKAGE.copies[0], location_type: "long_term_archive" } as (typeof PACKAGE.copies)[number];
  const copies = [
    { ...lta, id: "1", location: "cologne.lta" },
    { ...lta, id: "2", location: "us.lta" },
  ];
  answer(ADDRESS as "/api/v1/raw-data-packages/{package_id}", {
    ...PACKAGE,
    state: "archived",
    copies_archived: 2,
    waiting_reason: null,
    copies,
    source_files: { present: 0, deleted: 8 },
  });
  answer(`${ADDRESS}/life-line` as "/api/v1/raw-data-packages/{package_id}/life-line", {
    archives_in_doubt: ["us.lta"],
    steps: [],
  });
  await show(<PackagePage id={PACKAGE.id} />, { me: person(MAY) });
  await expect
    .element(page.getByText(/2 of 2 archives .* us\.lta is in doubt now, so 1 copy is certain\./))
    .toBeVisible();
});

test("narrow, nothing scrolls to the side", async () => {
  await show(<PackagePage id={PACKAGE.id} />, { me: person(MAY), width: "narrow" });
  await expect.element(page.getByRole("button", { name: "Retry" })).toBeVisible();
  expectNoSidewaysScroll();
  await expectAccessible();
});
