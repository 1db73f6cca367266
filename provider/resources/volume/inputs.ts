/** Inputs of a Volume. Pure. */
import * as z from "zod";
import { type FieldChange, field } from "../../definition/resource";
import { isUnknown } from "../../definition/unknowns";
import { adoptField } from "../common/adopt";
import { freeFormNameField } from "../common/fields";
import { tagsField } from "../common/tags";

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
