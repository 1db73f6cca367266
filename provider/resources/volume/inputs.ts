/** What a Volume can be told, and the rules for it. Pure. */
import { isDeepStrictEqual } from "node:util";
import * as z from "zod";
import { type CheckFailure, type FieldChange, type Properties, type Rule, field } from "../../definition/resource";
import { isUnknown } from "../../definition/unknowns";
import { adoptField } from "../common/adopt";
import { freeFormNameField } from "../common/fields";
import { uniqueTagsRule, tagsField } from "../common/tags";

/** A change that cannot be made in place replaces the volume, which `check` refuses unless this was asked for. */
const effectIfDataLost = ({ news }: FieldChange) => (news["allowDataLoss"] === true ? "replace" : "update");

/** Inputs of a Volume. */
export const volumeInputs = z.strictObject({
  name: freeFormNameField("volume"),
  sizeMb: field(z.int().min(1).max(1_048_576).optional(), {
    description:
      "Size in MiB, 1 to 1,048,576 within the account's quota. Can grow while no instance runs with it; never shrinks. Default, for a volume made from a `template`, with `cloneFrom` or at a `hostPath`: what that has.",
    keptWhenAbsent: true,
    onChange: (change) =>
      isUnknown(change.after) || Number(change.after) < Number(change.before) ? effectIfDataLost(change) : "update",
  }),
  filesystem: field(z.string().min(1).optional(), {
    description: "`ext4`, `virtiofs`, or a file system that the site defines. Default `ext4`, or that of the original.",
    keptWhenAbsent: true,
    onChange: effectIfDataLost,
  }),
  accessMode: field(z.enum(["rwo", "rox", "rwx"]).optional(), {
    description:
      "`rwo`: one instance writes; `rox`: many read; `rwx`: many write, with `virtiofs` only. Default `rwo`, or that of the original.",
    keptWhenAbsent: true,
    onChange: effectIfDataLost,
  }),
  quotaPolicy: field(z.enum(["static", "dynamic"]).optional(), {
    description:
      "What counts towards the account's quota: `static` the whole size, `dynamic` what is used. Default `static`, or that of the original.",
    keptWhenAbsent: true,
  }),
  template: field(z.string().min(1).optional(), {
    description: "Id or name of a volume template to make it from.",
    onChange: effectIfDataLost,
  }),
  cloneFrom: field(z.string().min(1).optional(), {
    description: "Id or name of a volume to copy, as it is when this one is made.",
    onChange: effectIfDataLost,
  }),
  hostPath: field(z.string().regex(/^\//, "must be an absolute path").optional(), {
    description: "Folder of the host to share, for accounts that may.",
    onChange: effectIfDataLost,
  }),
  uid: field(z.int().min(0).optional(), {
    description: "Numeric user id that owns the files in it.",
    onChange: effectIfDataLost,
  }),
  gid: field(z.int().min(0).optional(), {
    description: "Numeric group id of the files in it.",
    onChange: effectIfDataLost,
  }),
  args: field(z.record(z.string(), z.string()).optional(), {
    description: "Arguments of a `filesystem` that the site defines.",
    onChange: effectIfDataLost,
  }),
  tags: tagsField("volume"),
  deleteLock: field(z.boolean().default(false), {
    description: "Refuse to delete it, whoever asks, until this is false again. Default false.",
  }),
  allowDataLoss: field(z.boolean().default(false), {
    description:
      "Let a change that cannot be made in place replace the volume by a new one, without its data. Default false: such a change is refused.",
    onChange: "ignore",
  }),
  adopt: adoptField("a volume"),
});

/** Checked inputs of a Volume. */
export type VolumeInputs = z.output<typeof volumeInputs>;

/** Where its content may come from. */
const ORIGINS = ["template", "cloneFrom", "hostPath"] as const;
/** What a copy takes over from its original, beside the size: the API offers no choice. */
const NOT_FOR_CLONES = ["filesystem", "uid", "gid", "args"] as const;

function checkOrigin(inputs: VolumeInputs): readonly CheckFailure[] {
  const given = ORIGINS.filter((name) => inputs[name] !== undefined);
  const failures: CheckFailure[] = [];
  if (given.length === 0 && inputs.sizeMb === undefined) {
    failures.push({
      property: "sizeMb",
      reason: "required: give a size in MiB, or make the volume from `template`, `cloneFrom` or `hostPath`.",
    });
  }
  for (const property of given.slice(1)) {
    failures.push({ property, reason: `cannot be given together with ${given[0] ?? ""}: a volume has one origin.` });
  }
  if (inputs.hostPath !== undefined && inputs.sizeMb !== undefined) {
    failures.push({ property: "sizeMb", reason: "cannot be given together with hostPath, whose size is the host's." });
  }
  for (const property of NOT_FOR_CLONES) {
    if (inputs.cloneFrom === undefined || inputs[property] === undefined) continue;
    failures.push({ property, reason: "cannot be given together with cloneFrom: a copy has that of its original." });
  }
  return failures;
}

function checkFilesystem({ filesystem, accessMode, args, template, cloneFrom }: VolumeInputs): readonly CheckFailure[] {
  const failures: CheckFailure[] = [];
  const isInherited = filesystem === undefined && (template !== undefined || cloneFrom !== undefined);
  if (accessMode === "rwx" && filesystem !== "virtiofs" && !isInherited) {
    failures.push({
      property: "accessMode",
      reason: `"rwx" needs the file system "virtiofs", not "${filesystem ?? "ext4"}"; write filesystem: "virtiofs", or use "rwo" or "rox".`,
    });
  }
  if (args !== undefined && (filesystem === undefined || filesystem === "ext4" || filesystem === "virtiofs")) {
    failures.push({
      property: "args",
      reason: `are for a file system that the site defines, not for "${filesystem ?? "ext4"}"; leave them out.`,
    });
  }
  return failures;
}

/** Fields that can never change in place; of `sizeMb` that is so for less. */
const IMMUTABLE = ["name", "filesystem", "accessMode", ...ORIGINS, "uid", "gid", "args"] as const;
const DEFAULTS: Properties = { filesystem: "ext4", accessMode: "rwo" };

function forbiddenChange(
  property: (typeof IMMUTABLE)[number],
  olds: Properties,
  news: Properties,
): readonly CheckFailure[] {
  const isInherited = ORIGINS.some((origin) => olds[origin] !== undefined);
  const from = olds[property] ?? (isInherited ? undefined : DEFAULTS[property]);
  const to = news[property];
  const isKept = property in DEFAULTS && (from === undefined || to === undefined);
  if (isKept || isDeepStrictEqual(from, to)) return [];
  const reportedValue = (value: unknown) => (value === undefined ? "nothing" : JSON.stringify(value));
  return [
    {
      property,
      reason: `cannot change from ${reportedValue(from)} to ${reportedValue(to)}: that takes a new volume, without the data. Leave it as it is, or set allowDataLoss: true.`,
    },
  ];
}

function forbiddenShrink({ sizeMb: had }: Properties, { sizeMb: wanted }: Properties): readonly CheckFailure[] {
  if (typeof had !== "number" || typeof wanted !== "number" || wanted >= had) return [];
  return [
    {
      property: "sizeMb",
      reason: `cannot shrink from ${had} to ${wanted} MiB: that would destroy data. Ask for ${had} or more, or set allowDataLoss: true to have it replaced by an empty volume.`,
    },
  ];
}

/** Changes that take a new volume, without the data: none may be made unless that is allowed. `olds` is `{}` for a new volume. */
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
  { reads: ["sizeMb", "hostPath", "template", "cloneFrom", ...NOT_FOR_CLONES], test: checkOrigin },
  { reads: ["filesystem", "accessMode", "args", "template", "cloneFrom"], test: checkFilesystem },
  uniqueTagsRule,
  // One by one, so that an unknown value hides no other change.
  ...(["sizeMb", ...IMMUTABLE] as const).map((property): Rule<VolumeInputs> => ({
    reads: [property, "allowDataLoss"],
    test: (news, olds) => forbiddenChanges(olds, news, [property]),
  })),
];
