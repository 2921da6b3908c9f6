import { Menu } from "@base-ui/react/menu";
import { useMutation } from "@tanstack/react-query";
import { CircleUser } from "lucide-react";
import { api } from "~/api/client";
import { useMe } from "~/api/me";
import { type Preferences, setPreferences, usePreferences } from "~/preferences/preferences";
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

/** Who is signed in, how this browser shows things, and the way out. */
export function MeMenu() {
  const me = useMe();
  const preferences = usePreferences();
  const leave = useMutation({
    mutationFn: () => api.POST("/api/v1/auth/logout"),
    onSettled: () => location.assign("/sign-in"),
  });
  return (
    <Menu.Root>
      <Menu.Trigger className={styles.trigger} aria-label={`Signed in as ${me.user.name}`}>
        <CircleUser aria-hidden size={18} />
        <span>{me.user.name}</span>
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner sideOffset={6} align="end" className={styles.positioner}>
          <Menu.Popup className={styles.menu}>
            {(["time", "theme", "density"] as const).map((name) => (
              <Menu.Group key={name} className={styles.group}>
                <Menu.GroupLabel className={styles.label}>{TITLES[name]}</Menu.GroupLabel>
                <Menu.RadioGroup
                  value={preferences[name]}
                  onValueChange={(value: Preferences[typeof name]) => setPreferences({ [name]: value })}
                >
                  {CHOICES[name].map(([value, label]) => (
                    <Menu.RadioItem key={value} value={value} closeOnClick={false} className={styles.item}>
                      <span className={styles.mark}>
                        <Menu.RadioItemIndicator>●</Menu.RadioItemIndicator>
                      </span>
                      {label}
                    </Menu.RadioItem>
                  ))}
                </Menu.RadioGroup>
              </Menu.Group>
            ))}
            <Menu.CheckboxItem
              checked={preferences.keys}
              onCheckedChange={(keys) => setPreferences({ keys })}
              closeOnClick={false}
              className={styles.item}
            >
              <span className={styles.mark}>
                <Menu.CheckboxItemIndicator>✓</Menu.CheckboxItemIndicator>
              </span>
              Keys of one letter
            </Menu.CheckboxItem>
            <Menu.Separator className={styles.line} />
            <Menu.Item className={styles.item} onClick={() => leave.mutate()}>
              <span className={styles.mark} />
              Sign out
            </Menu.Item>
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}
