import { Copy } from "lucide-react";
import { say } from "~/actions/toasts";
import { Button } from "~/components/Button";
import styles from "~/components/CopyAs.module.css";
import { copyText } from "~/components/clipboard";
import { addressOf, asCurl, asPython, type Request } from "~/components/copy-as";
import { Menu } from "~/components/Menu";
import { commandLine } from "~/components/shell-words";
import type { Search } from "~/lists/address";
import type { Overlays } from "~/overlays/load";

/** How to get or do the same from a shell or a program. The token stays in the environment of who runs it. */
export function CopyAs({
  ccat,
  path,
  query = {},
  method = "GET",
  body = null,
}: {
  /** The words of the line for the command `ccat`, not quoted yet; null where it cannot do this. */
  readonly ccat: readonly string[] | null;
  /** Address of the call with its ids filled in: `/api/v1/executed-obs-units`. */
  readonly path: string;
  readonly query?: Search;
  readonly method?: string;
  readonly body?: unknown;
}) {
  const request: Request = { method, path, query, body };
  const choices = () =>
    [
      ["ccat", ccat === null ? null : commandLine(ccat)],
      ["curl", asCurl(request, location.origin)],
      ["Python", asPython(request)],
      ["Address of the call", addressOf(request, location.origin)],
      ["Address of this page", location.href],
    ] as const;
  return (
    <Menu
      wide
      trigger={
        <Button kind="quiet" data-target="copy">
          <Copy aria-hidden size={16} />
          Copy as
        </Button>
      }
    >
      {({ MenuItem }) => <Choices of={choices} item={MenuItem} />}
    </Menu>
  );
}

/** Made when the menu opens: the address of the page changes meanwhile. */
function Choices({
  of: choices,
  item: Item,
}: {
  readonly of: () => readonly (readonly [string, string | null])[];
  readonly item: Overlays["menuParts"]["MenuItem"];
}) {
  return choices().map(
    ([name, text]) =>
      text !== null && (
        <Item key={name} name={name} onClick={() => void copy(name, text)}>
          <span className={styles.choice}>
            <span>{name}</span>
            <code className={styles.text} aria-hidden>
              {text}
            </code>
          </span>
        </Item>
      ),
  );
}

async function copy(name: string, text: string): Promise<void> {
  say((await copyText(text)) ? `Copied: ${name}` : "This browser does not let pages copy.");
}
