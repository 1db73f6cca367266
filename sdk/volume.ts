// Written by `npm run generate` from provider/resources. Do not edit.
import * as pulumi from "@pulumi/pulumi";
import { UnikernelResource, requireArgs } from "./resource";
import type { VolumeMounter, VolumeUser } from "./types";

/** Arguments of {@link Volume}. */
export interface VolumeArgs {
  /** Name of the volume, unique in the account and metro: 1 to 255 characters, no slash or comma. Default: the resource name plus 7 hexadecimal digits derived from its identity (owner, project, stack, parents, type and name), and a number if an object has that name already. With a fixed name, a replacement deletes the old volume first. */
  readonly name?: pulumi.Input<string> | undefined;
  /** Size in MiB, 1 to 1,048,576, within the account's quota. Grows only while no running instance uses the volume (see `allowRestart`); never shrinks. Default with `template`, `cloneFrom` or `hostPath`: the size of the original; required otherwise. */
  readonly sizeMb?: pulumi.Input<number> | undefined;
  /** File system: `ext4`, `virtiofs`, or one that the metro's operator defines. Default: that of the original, else `ext4`. */
  readonly filesystem?: pulumi.Input<string> | undefined;
  /** `rwo`: one writer; `rox`: many readers; `rwx`: many writers, with `virtiofs` only. Default: that of the original, else `rwo`. */
  readonly accessMode?: pulumi.Input<"rwo" | "rox" | "rwx"> | undefined;
  /** Quota usage: `static` counts the whole size, `dynamic` only the used space. Default: that of the original, else `static`. */
  readonly quotaPolicy?: pulumi.Input<"static" | "dynamic"> | undefined;
  /** Id or name of a volume template to create it from. Default: none. */
  readonly template?: pulumi.Input<string> | undefined;
  /** Id or name of a volume to copy at creation. Default: none. */
  readonly cloneFrom?: pulumi.Input<string> | undefined;
  /** Path of a folder, relative to the folder of the program, whose files a new volume gets: at its root, owned by root, with their permissions. Read once, at creation: later changes of the files do not reach the volume. Metro `local` only. Default: none. */
  readonly contentFrom?: pulumi.Input<string> | undefined;
  /** Absolute path of a folder on the host to share. Needs an account privilege. Default: none. */
  readonly hostPath?: pulumi.Input<string> | undefined;
  /** Numeric user id that owns the files. Default: 0, or that of the original. */
  readonly uid?: pulumi.Input<number> | undefined;
  /** Numeric group id of the files. Default: 0, or that of the original. */
  readonly gid?: pulumi.Input<number> | undefined;
  /** Arguments of a `filesystem` that the metro's operator defines. Default: none. */
  readonly args?: pulumi.Input<Readonly<Record<string, pulumi.Input<string>>>> | undefined;
  /** Tags of the volume, up to 15. Default: none. */
  readonly tags?: pulumi.Input<readonly pulumi.Input<string>[]> | undefined;
  /** Reject every deletion until this is set to false. Default false. */
  readonly deleteLock?: pulumi.Input<boolean> | undefined;
  /** Allow a change that cannot be made in place to replace the volume, which loses its data. Default false: such a change fails. */
  readonly allowDataLoss?: pulumi.Input<boolean> | undefined;
  /** Allow an update to stop the running instances that use the volume, grow it, and start them again; open connections get 60 s to finish. Applies to instances of this stack only. Default false: `sizeMb` cannot grow while an instance runs with the volume. */
  readonly allowRestart?: pulumi.Input<boolean> | undefined;
  /** Manage a volume that already has this `name`, if there is one, and change it in place to match. Fails if a property differs that cannot be changed in place. Used at creation. Default false. */
  readonly adopt?: pulumi.Input<boolean> | undefined;
}

/** A persistent disk in one metro. It outlives the instances that mount it. */
export class Volume extends UnikernelResource {
  /** Name of the volume, unique in the account and metro: 1 to 255 characters, no slash or comma. Default: the resource name plus 7 hexadecimal digits derived from its identity (owner, project, stack, parents, type and name), and a number if an object has that name already. With a fixed name, a replacement deletes the old volume first. */
  declare readonly name: pulumi.Output<string>;
  /** Size in MiB, 1 to 1,048,576, within the account's quota. Grows only while no running instance uses the volume (see `allowRestart`); never shrinks. Default with `template`, `cloneFrom` or `hostPath`: the size of the original; required otherwise. */
  declare readonly sizeMb: pulumi.Output<number>;
  /** File system: `ext4`, `virtiofs`, or one that the metro's operator defines. Default: that of the original, else `ext4`. */
  declare readonly filesystem: pulumi.Output<string>;
  /** `rwo`: one writer; `rox`: many readers; `rwx`: many writers, with `virtiofs` only. Default: that of the original, else `rwo`. */
  declare readonly accessMode: pulumi.Output<"rwo" | "rox" | "rwx">;
  /** Quota usage: `static` counts the whole size, `dynamic` only the used space. Default: that of the original, else `static`. */
  declare readonly quotaPolicy: pulumi.Output<"static" | "dynamic">;
  /** Id or name of a volume template to create it from. Default: none. */
  declare readonly template: pulumi.Output<string | undefined>;
  /** Id or name of a volume to copy at creation. Default: none. */
  declare readonly cloneFrom: pulumi.Output<string | undefined>;
  /** Path of a folder, relative to the folder of the program, whose files a new volume gets: at its root, owned by root, with their permissions. Read once, at creation: later changes of the files do not reach the volume. Metro `local` only. Default: none. */
  declare readonly contentFrom: pulumi.Output<string | undefined>;
  /** Absolute path of a folder on the host to share. Needs an account privilege. Default: none. */
  declare readonly hostPath: pulumi.Output<string | undefined>;
  /** Numeric user id that owns the files. Default: 0, or that of the original. */
  declare readonly uid: pulumi.Output<number | undefined>;
  /** Numeric group id of the files. Default: 0, or that of the original. */
  declare readonly gid: pulumi.Output<number | undefined>;
  /** Arguments of a `filesystem` that the metro's operator defines. Default: none. */
  declare readonly args: pulumi.Output<Readonly<Record<string, string>> | undefined>;
  /** Tags of the volume, up to 15. Default: none. */
  declare readonly tags: pulumi.Output<readonly string[]>;
  /** Reject every deletion until this is set to false. Default false. */
  declare readonly deleteLock: pulumi.Output<boolean>;
  /** Allow a change that cannot be made in place to replace the volume, which loses its data. Default false: such a change fails. */
  declare readonly allowDataLoss: pulumi.Output<boolean>;
  /** Allow an update to stop the running instances that use the volume, grow it, and start them again; open connections get 60 s to finish. Applies to instances of this stack only. Default false: `sizeMb` cannot grow while an instance runs with the volume. */
  declare readonly allowRestart: pulumi.Output<boolean>;
  /** Manage a volume that already has this `name`, if there is one, and change it in place to match. Fails if a property differs that cannot be changed in place. Used at creation. Default false. */
  declare readonly adopt: pulumi.Output<boolean>;
  /** State at the last refresh, such as `available` or `mounted`. */
  declare readonly state: pulumi.Output<string>;
  /** False for a volume that is deleted with its instance. */
  declare readonly persistent: pulumi.Output<boolean>;
  /** Creation time, RFC 3339. */
  declare readonly createdAt: pulumi.Output<string>;
  /** Instances that the volume was attached to at the last refresh. */
  declare readonly attachedTo: pulumi.Output<readonly VolumeUser[]>;
  /** Instances, running or in standby, that had the volume mounted at the last refresh. */
  declare readonly mountedBy: pulumi.Output<readonly VolumeMounter[]>;

  /**
   * Declares a Volume.
   *
   * @param name resource name, unique among resources of this kind in the stack
   * @param args inputs
   * @param opts Pulumi's resource options
   */
  constructor(name: string, args: VolumeArgs, opts?: pulumi.CustomResourceOptions) {
    requireArgs("Volume", args, [], opts);
    super(
      "Volume",
      name,
      args,
      [
        "name",
        "sizeMb",
        "filesystem",
        "accessMode",
        "quotaPolicy",
        "template",
        "cloneFrom",
        "contentFrom",
        "hostPath",
        "uid",
        "gid",
        "args",
        "tags",
        "deleteLock",
        "allowDataLoss",
        "allowRestart",
        "adopt",
        "state",
        "persistent",
        "createdAt",
        "attachedTo",
        "mountedBy",
      ],
      [],
      opts,
    );
  }

  /** Looks up an existing Volume by id or name. It is read, not managed. */
  static get(name: string, id: pulumi.Input<pulumi.ID>, opts?: pulumi.CustomResourceOptions): Volume {
    return new Volume(name, {}, { ...opts, id });
  }

  /** True if the value is a Volume, even one created by another copy of this package. */
  static override isInstance(value: unknown): value is Volume {
    return UnikernelResource.isOf("Volume", value);
  }
}
