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

const MAX_QUOTED_LENGTH = 80;

/** Defaults for `scaleToZero` of an Instance or of a Service's template; what no label sets is missing. */
export interface ScaleToZeroDefaults {
  readonly policy?: "on" | "idle" | "off" | undefined;
  readonly stateful?: boolean | undefined;
  readonly cooldownTimeMs?: number | undefined;
}

/** What the labels of an image say. */
export interface InstanceDefaults {
  /** `undefined` if no label, or only an invalid one, sets it. */
  readonly scaleToZero?: ScaleToZeroDefaults;
  /** One clause for each label that is invalid or unknown, with its value; it sets no default. In the order of the labels. */
  readonly problems: readonly string[];
}

/** Turns the value of one label into defaults; a clause for an invalid one. */
type LabelReader = (value: string) => ScaleToZeroDefaults | string;

const READERS: ReadonlyMap<string, LabelReader> = new Map<string, LabelReader>([
  ["scale_to_zero.policy", readPolicy],
  ["scale_to_zero.stateful", readStateful],
  ["scale_to_zero.cooldown_time_ms", readCooldownTime],
]);

/** Setting → the label that sets its default. */
const LABEL_NAMES: Readonly<Record<string, string>> = {
  policy: `${INSTANCE_LABEL_PREFIX}scale_to_zero.policy`,
  stateful: `${INSTANCE_LABEL_PREFIX}scale_to_zero.stateful`,
  cooldownTimeMs: `${INSTANCE_LABEL_PREFIX}scale_to_zero.cooldown_time_ms`,
};

/** Reads the labels that concern instances; others are ignored. */
export function readInstanceLabels(labels: Readonly<Record<string, string>>): InstanceDefaults {
  let scaleToZero: ScaleToZeroDefaults = {};
  const problems: string[] = [];
  for (const [label, value] of Object.entries(labels)) {
    if (!label.startsWith(INSTANCE_LABEL_PREFIX)) continue;
    const reader = READERS.get(label.slice(INSTANCE_LABEL_PREFIX.length));
    const result =
      reader === undefined ? `is unknown; its value '${quote(value)}' has no effect` : reader(value.trim());
    if (typeof result === "string") problems.push(`the image's label '${quote(label)}' ${result}`);
    else scaleToZero = { ...scaleToZero, ...result };
  }
  return { ...(Object.keys(scaleToZero).length === 0 ? {} : { scaleToZero }), problems };
}

/**
 * One clause for each setting that differs from the label of the image; the program's wins. Pass what the program gives: what it leaves
 * out does not conflict.
 *
 * @param prefix path of the workload inputs, such as `template.`
 */
export function describeLabelConflicts(
  labelled: ScaleToZeroDefaults | undefined,
  explicit: Readonly<Record<string, unknown>> | undefined,
  prefix: "" | "template." = "",
): string[] {
  return Object.entries(labelled ?? {}).flatMap(([name, fromLabel]: [string, string | number | boolean]) => {
    const given = explicit?.[name];
    if (typeof given !== "string" && typeof given !== "number" && typeof given !== "boolean") return [];
    if (given === fromLabel) return [];
    const values = `'${String(given)}' overrides '${String(fromLabel)}'`;
    return [`${prefix}scaleToZero.${name} ${values} from the image's label '${LABEL_NAMES[name] ?? ""}'`];
  });
}

/**
 * A clause with the settings that come from labels; none if no setting does, or if they have no effect.
 *
 * @param prefix path of the workload inputs, such as `template.`
 */
export function describeLabelDefaults(
  labelled: ScaleToZeroDefaults | undefined,
  explicit: ScaleToZeroDefaults | undefined,
  prefix: "" | "template." = "",
): string[] {
  const { policy = "off" } = mergeScaleToZero(labelled, explicit) ?? {};
  if (policy === "off") return [];
  const taken = Object.entries(labelled ?? {}).filter(
    ([name]) => explicit?.[name as keyof ScaleToZeroDefaults] == null,
  );
  const values = taken.map(([name, value]: [string, string | number | boolean]) => `${name} '${String(value)}'`);
  return values.length === 0 ? [] : [`the labels of the image set ${prefix}scaleToZero: ${values.join(", ")}`];
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
  return `must be 'on', 'idle' or 'off', not '${quote(value)}'; it sets no default`;
}

/** The spellings of Go's `strconv.ParseBool`, which KraftKit uses. */
function readStateful(value: string): ScaleToZeroDefaults | string {
  if (/^(?:1|t|T|true|TRUE|True)$/.test(value)) return { stateful: true };
  if (/^(?:0|f|F|false|FALSE|False)$/.test(value)) return { stateful: false };
  return `must be 'true' or 'false', not '${quote(value)}'; it sets no default`;
}

function readCooldownTime(value: string): ScaleToZeroDefaults | string {
  const cooldownTimeMs = /^\+?[0-9]{1,9}$/.test(value) ? Number(value) : Number.NaN;
  if (cooldownTimeMs <= MAX_COOLDOWN_TIME_MS) return { cooldownTimeMs };
  const allowed = `a whole number of milliseconds, 0 to ${MAX_COOLDOWN_TIME_MS}`;
  return `must be ${allowed}, not '${quote(value)}'; it sets no default`;
}

/** The text for a message: on one line, and not too long. */
function quote(text: string): string {
  const line = text.replace(/\p{Cc}/gu, "�");
  return line.length > MAX_QUOTED_LENGTH ? `${line.slice(0, MAX_QUOTED_LENGTH)}…` : line;
}
