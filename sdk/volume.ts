// Written by `npm run generate` from provider/resources. Do not edit.
import * as pulumi from "@pulumi/pulumi";
import { UnikernelResource, requireArgs } from "./resource";
import type { VolumeMounter, VolumeUser } from "./types";

/** Arguments of {@link Volume}. */
export interface VolumeArgs {
  /** Name of the volume in its metro, unique per account: up to 255 characters without slash and comma. Default: the resource's name and 7 random hexadecimal digits. A fixed name makes a replacement delete the old one first. */
  readonly name?: pulumi.Input<string> | undefined;
  /** Size in MiB, 1 to 1,048,576 within the account's quota. Can grow while no instance runs with it; never shrinks. Default, for a volume made from a `template`, with `cloneFrom` or at a `hostPath`: what that has. */
  readonly sizeMb?: pulumi.Input<number> | undefined;
  /** `ext4`, `virtiofs`, or a file system that the site defines. Default `ext4`, or that of the original. */
  readonly filesystem?: pulumi.Input<string> | undefined;
  /** `rwo`: one instance writes; `rox`: many read; `rwx`: many write, with `virtiofs` only. Default `rwo`, or that of the original. */
  readonly accessMode?: pulumi.Input<"rwo" | "rox" | "rwx"> | undefined;
  /** What counts towards the account's quota: `static` the whole size, `dynamic` what is used. Default `static`, or that of the original. */
  readonly quotaPolicy?: pulumi.Input<"static" | "dynamic"> | undefined;
  /** Id or name of a volume template to make it from. */
  readonly template?: pulumi.Input<string> | undefined;
  /** Id or name of a volume to copy, as it is when this one is made. */
  readonly cloneFrom?: pulumi.Input<string> | undefined;
  /** Folder of the host to share, for accounts that may. */
  readonly hostPath?: pulumi.Input<string> | undefined;
  /** Numeric user id that owns the files in it. */
  readonly uid?: pulumi.Input<number> | undefined;
  /** Numeric group id of the files in it. */
  readonly gid?: pulumi.Input<number> | undefined;
  /** Arguments of a `filesystem` that the site defines. */
  readonly args?: pulumi.Input<Readonly<Record<string, pulumi.Input<string>>>> | undefined;
  /** Tags to find the volume by, up to 16. Default: none. */
  readonly tags?: pulumi.Input<readonly pulumi.Input<string>[]> | undefined;
  /** Refuse to delete it, whoever asks, until this is false again. Default false. */
  readonly deleteLock?: pulumi.Input<boolean> | undefined;
  /** Let a change that cannot be made in place replace the volume by a new one, without its data. Default false: such a change is refused. */
  readonly allowDataLoss?: pulumi.Input<boolean> | undefined;
  /** Manage a volume that already has this `name`, if there is one, and change it in place to match. Fails if a property differs that cannot be changed in place. Used at creation. Default false. */
  readonly adopt?: pulumi.Input<boolean> | undefined;
}

/** A persistent disk. It belongs to one metro and outlives the instances that mount it. */
export class Volume extends UnikernelResource {
  /** Name of the volume in its metro, unique per account: up to 255 characters without slash and comma. Default: the resource's name and 7 random hexadecimal digits. A fixed name makes a replacement delete the old one first. */
  declare readonly name: pulumi.Output<string>;
  /** Size in MiB, 1 to 1,048,576 within the account's quota. Can grow while no instance runs with it; never shrinks. Default, for a volume made from a `template`, with `cloneFrom` or at a `hostPath`: what that has. */
  declare readonly sizeMb: pulumi.Output<number>;
  /** `ext4`, `virtiofs`, or a file system that the site defines. Default `ext4`, or that of the original. */
  declare readonly filesystem: pulumi.Output<string>;
  /** `rwo`: one instance writes; `rox`: many read; `rwx`: many write, with `virtiofs` only. Default `rwo`, or that of the original. */
  declare readonly accessMode: pulumi.Output<"rwo" | "rox" | "rwx">;
  /** What counts towards the account's quota: `static` the whole size, `dynamic` what is used. Default `static`, or that of the original. */
  declare readonly quotaPolicy: pulumi.Output<"static" | "dynamic">;
  /** Id or name of a volume template to make it from. */
  declare readonly template: pulumi.Output<string | undefined>;
  /** Id or name of a volume to copy, as it is when this one is made. */
  declare readonly cloneFrom: pulumi.Output<string | undefined>;
  /** Folder of the host to share, for accounts that may. */
  declare readonly hostPath: pulumi.Output<string | undefined>;
  /** Numeric user id that owns the files in it. */
  declare readonly uid: pulumi.Output<number | undefined>;
  /** Numeric group id of the files in it. */
  declare readonly gid: pulumi.Output<number | undefined>;
  /** Arguments of a `filesystem` that the site defines. */
  declare readonly args: pulumi.Output<Readonly<Record<string, string>> | undefined>;
  /** Tags to find the volume by, up to 16. Default: none. */
  declare readonly tags: pulumi.Output<readonly string[]>;
  /** Refuse to delete it, whoever asks, until this is false again. Default false. */
  declare readonly deleteLock: pulumi.Output<boolean>;
  /** Let a change that cannot be made in place replace the volume by a new one, without its data. Default false: such a change is refused. */
  declare readonly allowDataLoss: pulumi.Output<boolean>;
  /** Manage a volume that already has this `name`, if there is one, and change it in place to match. Fails if a property differs that cannot be changed in place. Used at creation. Default false. */
  declare readonly adopt: pulumi.Output<boolean>;
  /** State when last looked at, such as `available` or `mounted`. */
  declare readonly state: pulumi.Output<string>;
  /** False for a volume that goes with its instance. */
  declare readonly persistent: pulumi.Output<boolean>;
  /** Creation time, RFC 3339. */
  declare readonly createdAt: pulumi.Output<string>;
  /** The instances that had it attached when last looked at. */
  declare readonly attachedTo: pulumi.Output<readonly VolumeUser[]>;
  /** Those of them that ran, or were in standby, when last looked at. */
  declare readonly mountedBy: pulumi.Output<readonly VolumeMounter[]>;

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
        "hostPath",
        "uid",
        "gid",
        "args",
        "tags",
        "deleteLock",
        "allowDataLoss",
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

  /** Looks up an existing Volume by its id or its name; it is read, not managed. */
  static get(name: string, id: pulumi.Input<pulumi.ID>, opts?: pulumi.CustomResourceOptions): Volume {
    return new Volume(name, {}, { ...opts, id });
  }

  /** True for an object of kind Volume, also one made by another copy of this package. */
  static override isInstance(value: unknown): value is Volume {
    return UnikernelResource.isOf("Volume", value);
  }
}
