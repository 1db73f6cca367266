/** Durations as Pulumi writes them in `customTimeouts`. */

/** Source: Go's `time.ParseDuration`, which the engine uses. It has no days. */
const UNITS_MS: { readonly [unit: string]: number } = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};
const PART = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g;

/** `1h30m`, `40s`, `0` → milliseconds; `undefined` for a text that is not a duration. */
export function parseDuration(text: string): number | undefined {
  const parts = text.replace(/^\+/, "");
  if (parts === "0") return 0;
  if (parts === "" || parts.replace(PART, "") !== "") return undefined;
  let ms = 0;
  parts.replace(PART, (part: string, amount: string, unit: string) => {
    ms += Number(amount) * (UNITS_MS[unit] || 0);
    return part;
  });
  return Math.round(ms);
}
