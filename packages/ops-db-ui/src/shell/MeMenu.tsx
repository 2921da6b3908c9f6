import { useMutation } from "@tanstack/react-query";
import { CircleUser } from "lucide-react";
import { say } from "~/actions/toasts";
import { api } from "~/api/client";
import { useMe } from "~/api/me";
import { may } from "~/api/permissions";
import type { Problem } from "~/api/problem";
import { Button } from "~/components/Button";
import { Menu } from "~/components/Menu";
import { type Preferences, setPreferences, usePreferences } from "~/preferences/preferences";
import { ENTRIES } from "~/shell/entries";
import styles from "~/shell/MeMenu.module.css";

const CHOICES: {
  readonly [K in "time" | "theme" | "density"]: readonly (readonly [Preferences[K], string])[];
} = {
  time: [
    ["utc", "UTC"],
    ["site", "Time of the site"],
    ["lst", "Local sidereal time"],
    ["mjd", "Modified Julian Date"],
    ["age", "Age"],
  ],
  theme: [
    ["system", "As the system"],
    ["light", "Light"],
    ["dark", "Dark"],
  ],
  density: [
    ["compact", "Compact"],
    ["normal", "Normal"],
    ["spacious", "Spacious"],
  ],
};
const TITLES = { time: "Times", theme: "Colours", density: "Density" } as const;
const HOMES = ENTRIES.map(({ to, label }) => [to, label] as const);

/** Who is signed in, how this browser shows things, and the way out. */
export function MeMenu({ onSignedOut }: { readonly onSignedOut: () => void }) {
  const me = useMe();
  const preferences = usePreferences();
  const leave = useMutation<unknown, Problem>({
    mutationFn: () => api.POST("/api/v1/auth/logout"),
    onSuccess: onSignedOut,
    onError: (problem) =>
      problem.isSessionEnded ? onSignedOut() : say(`You are still signed in: ${problem.title}.`),
  });
  return (
    <Menu
      trigger={
        <Button kind="quiet" className={styles.trigger ?? ""} aria-label={`Signed in as ${me.user.name}`}>
          <CircleUser aria-hidden size={18} />
          <span className={styles.name} dir="auto">
            {me.user.name}
          </span>
        </Button>
      }
    >
      {({ MenuCheck, MenuChoice, MenuItem, MenuLine }) => (
        <>
          {(["time", "theme", "density"] as const).map((name) => (
            <MenuChoice<Preferences[typeof name]>
              key={name}
              title={TITLES[name]}
              value={preferences[name]}
              choices={CHOICES[name]}
              onChange={(value) => setPreferences({ [name]: value })}
            />
          ))}
          <MenuChoice
            title="Begin with"
            value={preferences.home}
            choices={HOMES.filter(([to]) => ENTRIES.some((entry) => entry.to === to && may(me, entry.needs)))}
            onChange={(home) => setPreferences({ home })}
          />
          <MenuCheck checked={preferences.keys} onChange={(keys) => setPreferences({ keys })}>
            Keys of one letter
          </MenuCheck>
          <MenuLine />
          <MenuItem onClick={() => leave.mutate()}>Sign out</MenuItem>
        </>
      )}
    </Menu>
  );
}
