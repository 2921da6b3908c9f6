import { Fragment } from "react";
import { useNames } from "~/api/who";
import styles from "~/components/Contact.module.css";

/** An e-mail address or a telephone number in a text. */
const ADDRESS = /([\w.+-]+@[\w-]+(?:\.[\w-]+)+|\+\d[\d ()/-]{4,}\d)/;

/** Texts that name sites, locations or routes. */
type Where = readonly (string | null)[];

/** How to reach those who look after the sites of places and routes, in brackets; nothing where it is not configured. */
export function Contact({ where }: { readonly where: Where }) {
  const { reached, of } = useReached(where);
  if (reached.length === 0) return null;
  return (
    <>
      {" ("}
      {reached.map(({ id, name, contact }, index) => (
        <Fragment key={id}>
          {index > 0 && "; "}
          {of > 1 && `${name}: `}
          <bdi>{withAddresses(contact, (text, href) => link(text, href))}</bdi>
        </Fragment>
      ))}
      )
    </>
  );
}

/** Whom to call, one site a line, where there is nothing to press; `otherwise` where no contact is configured. */
export function Calls({ where, otherwise }: { readonly where: Where; readonly otherwise: string }) {
  const { reached } = useReached(where);
  if (reached.length === 0) return otherwise;
  return reached.map(({ id, name, contact }) => (
    <span key={id} className={styles.call}>
      {name}:{" "}
      <bdi>
        {withAddresses(contact, (text) => (
          <span key={text} className={styles.address}>
            {text}
          </span>
        ))}
      </bdi>
    </span>
  ));
}

/** The sites that texts name and that have a contact, and how many sites they name in all. */
function useReached(where: Where) {
  const { sitesOf } = useNames();
  const all = where.filter((text) => text !== null).flatMap(sitesOf);
  const sites = [...new Map(all.map((site) => [site.id, site])).values()];
  const reached = sites.flatMap(({ id, name, contact }) => (contact == null ? [] : [{ id, name, contact }]));
  return { reached, of: sites.length };
}

function link(text: string, href: string): React.ReactNode {
  return (
    <a key={text} href={href} className={styles.address}>
      {text}
    </a>
  );
}

function withAddresses(
  text: string,
  show: (address: string, href: string) => React.ReactNode,
): React.ReactNode {
  return text.split(ADDRESS).map((part, index) => {
    if (index % 2 === 0) return part;
    return show(part, part.includes("@") ? `mailto:${part}` : `tel:${part.replace(/[^+\d]/g, "")}`);
  });
}
