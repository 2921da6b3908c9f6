const J2000 = Date.UTC(2000, 0, 1, 12);
const DAY = 86_400_000;
const UNIX_EPOCH_MJD = 40_587;

/** Return the Modified Julian Date of a moment, days (UTC). */
export function modifiedJulianDate(moment: Date): number {
  return moment.getTime() / DAY + UNIX_EPOCH_MJD;
}

/**
 * Return the local mean sidereal time, hours from 0 to 24.
 *
 * Linear part of the IAU 1982 expression (Astronomical Almanac), UT1 taken as UTC: good to about a second.
 *
 * @param moment - the moment
 * @param longitude - degrees, east positive
 */
export function localSiderealTime(moment: Date, longitude: number): number {
  const days = (moment.getTime() - J2000) / DAY;
  const degrees = 280.46061837 + 360.98564736629 * days + longitude;
  return (((degrees % 360) + 360) % 360) / 15;
}

/** Return hours as `hh:mm:ss`. */
export function sexagesimalHours(hours: number): string {
  const seconds = Math.floor(hours * 3600) % 86_400;
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return parts.map((part) => String(part).padStart(2, "0")).join(":");
}
