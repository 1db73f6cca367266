/**
 * Settings of a Provider in old state. `pulumi refresh` and `pulumi destroy` run without the program, so the engine passes the
 * settings that the state holds. Pure.
 */
import type { PartialSettings } from "../../base/config/metroConfig";

/** Timeouts that earlier releases stored in seconds, and their names now. */
const TIMEOUTS_IN_SECONDS: Readonly<Record<string, string>> = {
  create: "createMs",
  update: "updateMs",
  delete: "deleteMs",
};

/** The settings with timeouts in milliseconds. Text that is not a JSON object stays: whoever parses the setting reports it. */
export function migrateSettings(settings: PartialSettings): PartialSettings {
  let stored: unknown;
  try {
    stored = JSON.parse(settings.timeouts ?? "");
  } catch {
    return settings;
  }
  if (stored === null || typeof stored !== "object" || Array.isArray(stored)) return settings;
  const timeouts = Object.entries(stored).map(([name, value]: [string, unknown]): [string, unknown] => {
    const renamed = TIMEOUTS_IN_SECONDS[name];
    return renamed === undefined ? [name, value] : [renamed, Number(value) * 1000];
  });
  return { ...settings, timeouts: JSON.stringify(Object.fromEntries(timeouts)) };
}
