/**
 * Labels of an image that set defaults for the instances that run it: `cloud.unikraft.v1.instances/scale_to_zero.*`. Pure.
 *
 * Source: KraftKit `cloud deploy`, which uses each label only where the flag was not given, and fails for a malformed boolean or
 * number. The API itself ignores image labels.
 */

/** What the labels start with. */
export const INSTANCE_LABEL_PREFIX = "cloud.unikraft.v1.instances/";

/** Limit of the API, in milliseconds. */
const MAX_COOLDOWN_TIME_MS = 86_400_000;

/** Defaults for `scaleToZero` of an Instance or of a Service's template; what no label sets is missing. */
export interface ScaleToZeroDefaults {
  readonly policy?: "on" | "idle" | "off";
  readonly stateful?: boolean;
  readonly cooldownTimeMs?: number;
}

/** What the labels of an image say. */
export interface InstanceDefaults {
  /** `undefined` if no label, or only an invalid one, sets it. */
  readonly scaleToZero?: ScaleToZeroDefaults;
  /** One sentence for each label that is invalid or unknown; it sets no default. In the order of the labels. */
  readonly problems: readonly string[];
}

/** Turns the value of one label into defaults; a sentence for an invalid one. */
type LabelReader = (value: string) => ScaleToZeroDefaults | string;

const READERS: ReadonlyMap<string, LabelReader> = new Map<string, LabelReader>([
  ["scale_to_zero.policy", readPolicy],
  ["scale_to_zero.stateful", readStateful],
  ["scale_to_zero.cooldown_time_ms", readCooldownTime],
]);

/** Reads the labels that concern instances; others are ignored. */
export function readInstanceLabels(labels: Readonly<Record<string, string>>): InstanceDefaults {
  let scaleToZero: ScaleToZeroDefaults = {};
  const problems: string[] = [];
  for (const [label, value] of Object.entries(labels)) {
    if (!label.startsWith(INSTANCE_LABEL_PREFIX)) continue;
    const reader = READERS.get(label.slice(INSTANCE_LABEL_PREFIX.length));
    const result = reader === undefined ? "is unknown and has no effect" : reader(value.trim());
    if (typeof result === "string") problems.push(`The label '${label}' ${result}.`);
    else scaleToZero = { ...scaleToZero, ...result };
  }
  return { ...(Object.keys(scaleToZero).length === 0 ? {} : { scaleToZero }), problems };
}

/** A setting of the program that differs from a label of its image. The program's wins. */
export interface LabelConflict {
  /** Relative to the workload: `scaleToZero.policy`. */
  readonly property: string;
  readonly fromLabel: string | number | boolean;
  readonly explicit: string | number | boolean;
  /** One sentence for the preview. */
  readonly message: string;
}

/**
 * Settings that differ from those of the labels. Pass what the program gives, before defaults are filled in: what it leaves out does
 * not conflict.
 */
export function findLabelConflicts(
  labelled: ScaleToZeroDefaults | undefined,
  explicit: Readonly<Record<string, unknown>> | undefined,
): LabelConflict[] {
  return Object.entries(labelled ?? {}).flatMap(([name, fromLabel]: [string, string | number | boolean]) => {
    const given = explicit?.[name];
    if (typeof given !== "string" && typeof given !== "number" && typeof given !== "boolean") return [];
    if (given === fromLabel) return [];
    const property = `scaleToZero.${name}`;
    const message = `'${property}' is ${String(given)}, which overrides ${String(fromLabel)}, the value in the labels of the image.`;
    return [{ property, fromLabel, explicit: given, message }];
  });
}

/**
 * The settings of an instance: what the program gives, else what the labels say; `undefined` if that is nothing. Without a policy
 * there is none: labels that set only a cooldown time have no effect.
 */
export function mergeScaleToZero(
  labelled: ScaleToZeroDefaults | undefined,
  explicit: ScaleToZeroDefaults | undefined,
): (ScaleToZeroDefaults & { readonly policy: "on" | "idle" | "off" }) | undefined {
  const merged = { ...labelled, ...explicit };
  return merged.policy === undefined ? undefined : { ...merged, policy: merged.policy };
}

function readPolicy(value: string): ScaleToZeroDefaults | string {
  if (value === "on" || value === "idle" || value === "off") return { policy: value };
  return `must be 'on', 'idle' or 'off', not '${quote(value)}'`;
}

/** The spellings of Go's `strconv.ParseBool`, which KraftKit uses. */
function readStateful(value: string): ScaleToZeroDefaults | string {
  if (/^(?:1|t|T|true|TRUE|True)$/.test(value)) return { stateful: true };
  if (/^(?:0|f|F|false|FALSE|False)$/.test(value)) return { stateful: false };
  return `must be 'true' or 'false', not '${quote(value)}'`;
}

function readCooldownTime(value: string): ScaleToZeroDefaults | string {
  const cooldownTimeMs = /^\+?[0-9]{1,9}$/.test(value) ? Number(value) : Number.NaN;
  if (cooldownTimeMs <= MAX_COOLDOWN_TIME_MS) return { cooldownTimeMs };
  return `must be a whole number of milliseconds, 0 to ${MAX_COOLDOWN_TIME_MS}, not '${quote(value)}'`;
}

const quote = (value: string): string => (value.length > 40 ? `${value.slice(0, 40)}…` : value);
