import { Menu } from "@base-ui/react/menu";
import { Copy } from "lucide-react";
import { say } from "~/actions/toasts";
import { Button } from "~/components/Button";
import styles from "~/components/CopyAs.module.css";
import { copyText } from "~/components/clipboard";
import { addressOf, asCurl, asPython, type Request } from "~/components/copy-as";
import type { Search } from "~/lists/address";

/** How to get or do the same from a shell or a program. The token stays in the environment of who runs it. */
export function CopyAs({
  ccat,
  path,
  query = {},
  method = "GET",
  body = null,
}: {
  /** The line for the command `ccat`; null where it cannot do this. */
  readonly ccat: string | null;
  /** Address of the call with its ids filled in: `/api/v1/executed-obs-units`. */
  readonly path: string;
  readonly query?: Search;
  readonly method?: string;
  readonly body?: unknown;
}) {
  const request: Request = { method, path, query, body };
  const choices = () =>
    [
      ["ccat", ccat],
      ["curl", asCurl(request, location.origin)],
      ["Python", asPython(request)],
      ["Address of the call", addressOf(request, location.origin)],
      ["Address of this page", location.href],
    ] as const;
  return (
    <Menu.Root>
      <Menu.Trigger render={<Button kind="quiet" data-target="copy" />}>
        <Copy aria-hidden size={16} />
        Copy as
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner sideOffset={4} align="end" className={styles.positioner}>
          <Menu.Popup className={styles.menu}>
            {choices().map(
              ([name, text]) =>
                text !== null && (
                  <Menu.Item
                    key={name}
                    label={name}
                    className={styles.item}
                    onClick={() => void copy(name, text)}
                  >
                    <span>{name}</span>
                    <code className={styles.text} aria-hidden>
                      {text}
                    </code>
                  </Menu.Item>
                ),
            )}
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}

async function copy(name: string, text: string): Promise<void> {
  say((await copyText(text)) ? `Copied: ${name}` : "This browser does not let pages copy.");
}
