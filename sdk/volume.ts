// Written by `npm run generate` from provider/resources. Do not edit.
import * as pulumi from "@pulumi/pulumi";
import { UnikernelResource, requireArgs } from "./resource";

/** Arguments of {@link Volume}. */
export interface VolumeArgs {
  /** Name of the volume in its metro, unique per account: 1 to 63 of a-z, 0-9 and dash. Default: the resource's name and 7 random hexadecimal digits. A fixed name makes a replacement delete the old one first. */
  readonly name?: pulumi.Input<string> | undefined;
  /** Size in MiB, 1 to 1,048,576 within the account's quota. Can grow while no instance runs with it; never shrinks. */
  readonly sizeMb: pulumi.Input<number>;
}

/** A persistent disk. It belongs to one metro and outlives the instances that mount it. */
export class Volume extends UnikernelResource {
  /** Name of the volume in its metro, unique per account: 1 to 63 of a-z, 0-9 and dash. Default: the resource's name and 7 random hexadecimal digits. A fixed name makes a replacement delete the old one first. */
  declare readonly name: pulumi.Output<string>;
  /** Size in MiB, 1 to 1,048,576 within the account's quota. Can grow while no instance runs with it; never shrinks. */
  declare readonly sizeMb: pulumi.Output<number>;
  /** File system on the volume, such as `ext4`. */
  declare readonly filesystem: pulumi.Output<string>;
  /** Creation time, RFC 3339. */
  declare readonly createdAt: pulumi.Output<string>;

  constructor(name: string, args: VolumeArgs, opts?: pulumi.CustomResourceOptions) {
    requireArgs("Volume", args, ["sizeMb"], opts);
    super("Volume", name, args, ["name", "sizeMb", "filesystem", "createdAt"], [], opts);
  }

  /** Looks up an existing Volume by id; it is read, not managed. */
  static get(name: string, id: pulumi.Input<pulumi.ID>, args: VolumeArgs, opts?: pulumi.CustomResourceOptions): Volume {
    return new Volume(name, args, { ...opts, id });
  }

  /** True for a Volume, also one made by another copy of this package. */
  static override isInstance(value: unknown): value is Volume {
    return UnikernelResource.isOf("Volume", value);
  }
}
