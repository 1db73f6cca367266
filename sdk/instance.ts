// Written by `npm run generate` from provider/resources. Do not edit.
import * as pulumi from "@pulumi/pulumi";
import { UnikernelResource, requireArgs } from "./resource";
import type { VolumeMount, VolumeMountArgs } from "./types";

/** Arguments of {@link Instance}. */
export interface InstanceArgs {
  /** Name of the instance in its metro, unique per account: 1 to 63 of a-z, 0-9 and dash. Default: the resource's name and 7 random hexadecimal digits. A fixed name makes a replacement delete the old one first. */
  readonly name?: pulumi.Input<string> | undefined;
  /** Image to boot: `image.ref` of a GatewayImage (`repository@sha256:…`), or a reference the metro's registry knows. */
  readonly image: pulumi.Input<string>;
  /** Complete argument list of the guest's program. Default: the image's own. */
  readonly args?: pulumi.Input<readonly pulumi.Input<string>[]> | undefined;
  /** Environment variables, over those of the image. Kept secret in state. */
  readonly env?: pulumi.Input<Readonly<Record<string, pulumi.Input<string>>>> | undefined;
  /** Guest memory in MiB, at least 16. Default 128. */
  readonly memoryMb?: pulumi.Input<number> | undefined;
  /** Virtual CPUs. Default 1. */
  readonly vcpus?: pulumi.Input<number> | undefined;
  /** Volumes to mount. */
  readonly volumes?: pulumi.Input<readonly pulumi.Input<VolumeMountArgs>[]> | undefined;
  /** `never`, `always`, or `on-failure` (after a crash or an exit code other than 0). Default `never`. */
  readonly restartPolicy?: pulumi.Input<"never" | "always" | "on-failure"> | undefined;
}

/** A unikernel virtual machine. One that serves the public belongs into a Service, which also updates it without a gap. */
export class Instance extends UnikernelResource {
  /** Name of the instance in its metro, unique per account: 1 to 63 of a-z, 0-9 and dash. Default: the resource's name and 7 random hexadecimal digits. A fixed name makes a replacement delete the old one first. */
  declare readonly name: pulumi.Output<string>;
  /** Image to boot: `image.ref` of a GatewayImage (`repository@sha256:…`), or a reference the metro's registry knows. */
  declare readonly image: pulumi.Output<string>;
  /** Complete argument list of the guest's program. Default: the image's own. */
  declare readonly args: pulumi.Output<readonly string[] | undefined>;
  /** Environment variables, over those of the image. Kept secret in state. */
  declare readonly env: pulumi.Output<Readonly<Record<string, string>>>;
  /** Guest memory in MiB, at least 16. Default 128. */
  declare readonly memoryMb: pulumi.Output<number>;
  /** Virtual CPUs. Default 1. */
  declare readonly vcpus: pulumi.Output<number>;
  /** Volumes to mount. */
  declare readonly volumes: pulumi.Output<readonly VolumeMount[]>;
  /** `never`, `always`, or `on-failure` (after a crash or an exit code other than 0). Default `never`. */
  declare readonly restartPolicy: pulumi.Output<"never" | "always" | "on-failure">;
  /** Digest of the image that runs. */
  declare readonly digest: pulumi.Output<string>;
  /** State when last looked at, such as `running`. */
  declare readonly state: pulumi.Output<string>;
  /** Address in the metro's private network. */
  declare readonly privateIp: pulumi.Output<string>;
  /** Name in the metro's private network: `<name>.internal`. */
  declare readonly privateFqdn: pulumi.Output<string>;
  /** Creation time, RFC 3339. */
  declare readonly createdAt: pulumi.Output<string>;

  constructor(name: string, args: InstanceArgs, opts?: pulumi.CustomResourceOptions) {
    requireArgs("Instance", args, ["image"], opts);
    super(
      "Instance",
      name,
      args,
      [
        "name",
        "image",
        "args",
        "env",
        "memoryMb",
        "vcpus",
        "volumes",
        "restartPolicy",
        "digest",
        "state",
        "privateIp",
        "privateFqdn",
        "createdAt",
      ],
      ["env"],
      opts,
    );
  }

  /** Looks up an existing Instance by id; it is read, not managed. */
  static get(
    name: string,
    id: pulumi.Input<pulumi.ID>,
    args: InstanceArgs,
    opts?: pulumi.CustomResourceOptions,
  ): Instance {
    return new Instance(name, args, { ...opts, id });
  }

  /** True for a Instance, also one made by another copy of this package. */
  static override isInstance(value: unknown): value is Instance {
    return UnikernelResource.isOf("Instance", value);
  }
}
