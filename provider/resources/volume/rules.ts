/** Rules across the inputs of a Volume, and its quota usage. Pure. */
import { isDeepStrictEqual } from "node:util";
import type { CheckFailure, Properties, Rule } from "../../definition/resource";
import { tagsRule } from "../common/tags";
import type { VolumeInputs } from "./inputs";

/** Inputs that name an original, which determines the size and other properties. */
const ORIGINALS = ["template", "cloneFrom", "hostPath"] as const;
/** Inputs that say what a new volume holds; at most one may be set. */
const ORIGINS = [...ORIGINALS, "contentFrom"] as const;
/** Properties that a copy always takes from its original; the API cannot change them. */
const NOT_FOR_CLONES = ["filesystem", "uid", "gid", "args"] as const;

function checkOrigin(inputs: VolumeInputs): readonly CheckFailure[] {
  const origins = ORIGINS.filter((name) => inputs[name] !== undefined);
  const failures: CheckFailure[] = [];
  if (!ORIGINALS.some((name) => inputs[name] !== undefined) && inputs.sizeMb === undefined) {
    failures.push({
      property: "sizeMb",
      reason: "required: give a size in MiB, or one of `template`, `cloneFrom` and `hostPath`.",
    });
  }
  for (const property of origins.slice(1)) {
    failures.push({ property, reason: `cannot be combined with ${origins[0] ?? ""}: a volume has one origin.` });
  }
  if (inputs.hostPath !== undefined && inputs.sizeMb !== undefined) {
    failures.push({ property: "sizeMb", reason: "cannot be combined with hostPath: the host determines the size." });
  }
  for (const property of NOT_FOR_CLONES) {
    if (inputs.cloneFrom === undefined || inputs[property] === undefined) continue;
    failures.push({ property, reason: "cannot be combined with cloneFrom: a copy keeps the value of its original." });
  }
  return failures;
}

function checkFilesystem({ filesystem, accessMode, args, template, cloneFrom }: VolumeInputs): readonly CheckFailure[] {
  const failures: CheckFailure[] = [];
  const isInherited = filesystem === undefined && (template !== undefined || cloneFrom !== undefined);
  if (accessMode === "rwx" && filesystem !== "virtiofs" && !isInherited) {
    failures.push({
      property: "accessMode",
      reason: `"rwx" requires the file system "virtiofs", not "${filesystem ?? "ext4"}"; set filesystem: "virtiofs", or use "rwo" or "rox".`,
    });
  }
  if (args !== undefined && (filesystem === undefined || filesystem === "ext4" || filesystem === "virtiofs")) {
    failures.push({
      property: "args",
      reason: `only a file system that the metro's operator defines takes arguments, not "${filesystem ?? "ext4"}"; remove args.`,
    });
  }
  return failures;
}

/** Inputs that never change in place. `sizeMb` can grow, but not shrink. */
const IMMUTABLE = ["name", "filesystem", "accessMode", ...ORIGINS, "uid", "gid", "args"] as const;
const DEFAULTS: Properties = { filesystem: "ext4", accessMode: "rwo" };

function forbiddenChange(
  property: (typeof IMMUTABLE)[number],
  olds: Properties,
  news: Properties,
): readonly CheckFailure[] {
  const isInherited = ORIGINALS.some((origin) => olds[origin] !== undefined);
  const from = olds[property] ?? (isInherited ? undefined : DEFAULTS[property]);
  const to = news[property];
  const isKept = property in DEFAULTS && (from === undefined || to === undefined);
  if (isKept || isDeepStrictEqual(from, to)) return [];
  const describe = (value: unknown) => (value === undefined ? "nothing" : JSON.stringify(value));
  return [
    {
      property,
      reason: `cannot change from ${describe(from)} to ${describe(to)}: this would replace the volume and lose its data. Keep the old value, or set allowDataLoss: true.`,
    },
  ];
}

function forbiddenShrink({ sizeMb: from }: Properties, { sizeMb: to }: Properties): readonly CheckFailure[] {
  if (typeof from !== "number" || typeof to !== "number" || to >= from) return [];
  return [
    {
      property: "sizeMb",
      reason: `cannot shrink from ${from} to ${to} MiB: this would destroy data. Use ${from} or more, or set allowDataLoss: true to replace it with an empty volume.`,
    },
  ];
}

/** Failures for changes that would replace the volume and lose its data, unless that is allowed. `olds` is `{}` for a new volume. */
export function forbiddenChanges(
  olds: Properties,
  news: Properties,
  properties: readonly string[] = ["sizeMb", ...IMMUTABLE],
): readonly CheckFailure[] {
  if (olds["name"] === undefined || news["allowDataLoss"] === true) return [];
  return [
    ...(properties.includes("sizeMb") ? forbiddenShrink(olds, news) : []),
    ...IMMUTABLE.filter((name) => properties.includes(name)).flatMap((name) => forbiddenChange(name, olds, news)),
  ];
}

/** The rules of a Volume. */
export const volumeRules: readonly Rule<VolumeInputs>[] = [
  { reads: ["sizeMb", ...ORIGINS, ...NOT_FOR_CLONES], test: checkOrigin },
  { reads: ["filesystem", "accessMode", "args", "template", "cloneFrom"], test: checkFilesystem },
  tagsRule,
  // One rule per property, so that an unknown value does not skip the others.
  ...(["sizeMb", ...IMMUTABLE] as const).map((property): Rule<VolumeInputs> => ({
    reads: [property, "allowDataLoss"],
    test: (news, olds) => forbiddenChanges(olds, news, [property]),
  })),
];

/** Quota usage of a Volume, by the API's quota name. */
export function volumeQuotaUsage({
  sizeMb,
  quotaPolicy,
  template,
  cloneFrom,
}: Properties): Readonly<Record<string, number>> {
  // Under a dynamic policy only used space counts, and a new volume uses none. A copy has the policy of its original.
  const isReserved = quotaPolicy === "static" || (quotaPolicy ?? template ?? cloneFrom) === undefined;
  return { volumes: 1, ...(typeof sizeMb === "number" && isReserved ? { total_volume_mb: sizeMb } : {}) };
}
