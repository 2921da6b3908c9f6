import { Link } from "@tanstack/react-router";
import { Search } from "lucide-react";
import { useMe } from "~/api/me";
import { Button } from "~/components/Button";
import { usePreferences } from "~/preferences/preferences";
import { Clock } from "~/shell/Clock";
import { HelpButton } from "~/shell/HelpButton";
import { LiveState } from "~/shell/LiveState";
import { MeMenu } from "~/shell/MeMenu";
import { openPalette } from "~/shell/palette-state";
import styles from "~/shell/TopBar.module.css";
import { Verdict } from "~/shell/Verdict";

/** The bar above every page: where this is, whether all is well, whether that is current, what time it is. */
export function TopBar() {
  const { site } = useMe();
  const { home } = usePreferences();
  return (
    <header className={`${styles.bar} no-print`}>
      <Link to={home} className={styles.site ?? ""}>
        {site.name}
      </Link>
      <Verdict />
      <div className={styles.when}>
        <LiveState />
        <Clock />
      </div>
      <Button
        kind="quiet"
        onClick={() => openPalette()}
        aria-keyshortcuts="Control+K"
        className={styles.search ?? ""}
      >
        <Search aria-hidden size={16} />
        <span>Search</span>
        <kbd>Ctrl K</kbd>
      </Button>
      <HelpButton />
      <MeMenu onSignedOut={() => location.assign("/sign-in")} />
    </header>
  );
}
