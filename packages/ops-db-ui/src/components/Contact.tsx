import { Fragment } from "react";
import { useNames } from "~/api/who";

/** An e-mail address or a telephone number in a text. */
const ADDRESS = /([\w.+-]+@[\w-]+(?:\.[\w-]+)+|\+\d[\d ()/-]{4,}\d)/;

/** How to reach those who look after the sites of places and routes, in brackets; nothing where it is not configured. */
export function Contact({
  where,
  isPlain = false,
}: {
  /** Texts that name the sites, locations or routes. */
  readonly where: readonly (string | null)[];
  /** Where there is nothing to press. */
  readonly isPlain?: boolean;
}) {
  const { sitesOf } = useNames();
  const sites = where.filter((text) => text !== null).flatMap(sitesOf);
  const reached = [...new Map(sites.map((site) => [site.id, site])).values()].flatMap(
    ({ id, name, contact }) => (contact == null ? [] : [{ id, name, contact }]),
  );
  if (reached.length === 0) return null;
  return (
    <>
      {" ("}
      {reached.map(({ id, name, contact }, index) => (
        <Fragment key={id}>
          {index > 0 && "; "}
          {sites.length > 1 && `${name}: `}
          <bdi>{isPlain ? contact : linked(contact)}</bdi>
        </Fragment>
      ))}
      )
    </>
  );
}

function linked(text: string): React.ReactNode {
  return text.split(ADDRESS).map((part, index) => {
    if (index % 2 === 0) return part;
    const href = part.includes("@") ? `mailto:${part}` : `tel:${part.replace(/[^+\d]/g, "")}`;
    return (
      <a key={part} href={href}>
        {part}
      </a>
    );
  });
}
