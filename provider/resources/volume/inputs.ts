/** Inputs of a Volume. Pure. */
import * as z from "zod";
import { mapOf } from "../../base/mapSchema";
import { type FieldChange, field } from "../../definition/resource";
import { isUnknown } from "../../definition/unknowns";
import { adoptField } from "../common/adopt";
import { freeFormNameField } from "../common/fields";
import { tagsField } from "../common/tags";

/** A change that cannot be made in place replaces the volume. Without `allowDataLoss`, `check` fails first. */
const effectIfDataLost = ({ news }: FieldChange) => (news["allowDataLoss"] === true ? "replace" : "update");

/** Inputs of a Volume. */
export const volumeInputs = z.strictObject({
  name: freeFormNameField("volume"),
  sizeMb: field(z.int().min(1).max(1_048_576).optional(), {
    description:
      "Size in MiB, 1 to 1,048,576, within the account's quota. Grows only while no running instance uses the volume (see `allowRestart`); never shrinks. Default with `template`, `cloneFrom` or `hostPath`: the size of the original; required otherwise.",
    keptWhenAbsent: true,
    onChange: (change) =>
      isUnknown(change.after) || Number(change.after) < Number(change.before) ? effectIfDataLost(change) : "update",
  }),
  filesystem: field(z.string().min(1).optional(), {
    description:
      "File system: `ext4`, `virtiofs`, or one that the metro's operator defines. Default: that of the original, else `ext4`.",
    keptWhenAbsent: true,
    onChange: effectIfDataLost,
  }),
  accessMode: field(z.enum(["rwo", "rox", "rwx"]).optional(), {
    description:
      "`rwo`: one writer; `rox`: many readers; `rwx`: many writers, with `virtiofs` only. Default: that of the original, else `rwo`.",
    keptWhenAbsent: true,
    onChange: effectIfDataLost,
  }),
  quotaPolicy: field(z.enum(["static", "dynamic"]).optional(), {
    description:
      "Quota usage: `static` counts the whole size, `dynamic` only the used space. Default: that of the original, else `static`.",
    keptWhenAbsent: true,
  }),
  template: field(z.string().min(1).optional(), {
    description: "Id or name of a volume template to create it from. Default: none.",
    onChange: effectIfDataLost,
  }),
  cloneFrom: field(z.string().min(1).optional(), {
    description: "Id or name of a volume to copy at creation. Default: none.",
    onChange: effectIfDataLost,
  }),
  contentFrom: field(z.string().min(1).optional(), {
    description:
      "Path of a folder, relative to the folder of the program, whose files a new volume gets: at its root, owned by root, with their permissions. Read once, at creation: later changes of the files do not reach the volume. Metro `local` only. Default: none.",
    onChange: effectIfDataLost,
  }),
  hostPath: field(z.string().regex(/^\//, "must be an absolute path").optional(), {
    description: "Absolute path of a folder on the host to share. Needs an account privilege. Default: none.",
    onChange: effectIfDataLost,
  }),
  uid: field(z.int().min(0).optional(), {
    description: "Numeric user id that owns the files. Default: 0, or that of the original.",
    onChange: effectIfDataLost,
  }),
  gid: field(z.int().min(0).optional(), {
    description: "Numeric group id of the files. Default: 0, or that of the original.",
    onChange: effectIfDataLost,
  }),
  args: field(mapOf(z.string(), z.string()).optional(), {
    description: "Arguments of a `filesystem` that the metro's operator defines. Default: none.",
    onChange: effectIfDataLost,
  }),
  tags: tagsField("volume"),
  deleteLock: field(z.boolean().default(false), {
    description: "Reject every deletion until this is set to false. Default false.",
  }),
  allowDataLoss: field(z.boolean().default(false), {
    description:
      "Allow a change that cannot be made in place to replace the volume, which loses its data. Default false: such a change fails.",
    onChange: "ignore",
  }),
  allowRestart: field(z.boolean().default(false), {
    description:
      "Allow an update to stop the running instances that use the volume, grow it, and start them again; open connections get 60 s to finish. Applies to instances of this stack only. Default false: `sizeMb` cannot grow while an instance runs with the volume.",
    onChange: "ignore",
  }),
  adopt: adoptField("a volume"),
});

/** Checked inputs of a Volume. */
export type VolumeInputs = z.output<typeof volumeInputs>;
