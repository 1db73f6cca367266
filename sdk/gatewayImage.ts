// Written by `npm run generate` from provider/resources. Do not edit.
import * as pulumi from "@pulumi/pulumi";
import { UnikernelResource, requireArgs } from "./resource";

/** Arguments of {@link GatewayImage}. */
export interface GatewayImageArgs {
  /** Name of the image repository in its metro, unique per account: 1 to 63 of a-z, 0-9 and dash. Default: the resource's name and 7 random hexadecimal digits. A fixed name makes a replacement delete the old one first. */
  readonly name?: pulumi.Input<string> | undefined;
  /** Folder that holds the Kraftfile, relative to the program. The Kraftfile's paths are relative to it. */
  readonly context: pulumi.Input<string>;
  /** Files to put over the root file system: absolute path in the guest → content. */
  readonly files?: pulumi.Input<Readonly<Record<string, pulumi.Input<string>>>> | undefined;
}

/** An OCI image built from a folder with a Kraftfile. Equal content gives an equal digest; nothing changed means nothing built. */
export class GatewayImage extends UnikernelResource {
  /** Name of the image repository in its metro, unique per account: 1 to 63 of a-z, 0-9 and dash. Default: the resource's name and 7 random hexadecimal digits. A fixed name makes a replacement delete the old one first. */
  declare readonly name: pulumi.Output<string>;
  /** Folder that holds the Kraftfile, relative to the program. The Kraftfile's paths are relative to it. */
  declare readonly context: pulumi.Output<string>;
  /** Files to put over the root file system: absolute path in the guest → content. */
  declare readonly files: pulumi.Output<Readonly<Record<string, string>>>;
  /** Reference by digest, `repository@sha256:…`; give it to Instance and Service. */
  declare readonly ref: pulumi.Output<string>;
  /** Digest of the image index. */
  declare readonly digest: pulumi.Output<string>;
  /** Hash of everything the image was built from. */
  declare readonly contextHash: pulumi.Output<string>;
  /** Bytes of all blobs of the image. */
  declare readonly sizeBytes: pulumi.Output<number>;

  constructor(name: string, args: GatewayImageArgs, opts?: pulumi.CustomResourceOptions) {
    requireArgs("GatewayImage", args, ["context"], opts);
    super(
      "GatewayImage",
      name,
      args,
      ["name", "context", "files", "ref", "digest", "contextHash", "sizeBytes"],
      [],
      opts,
    );
  }

  /** Looks up an existing GatewayImage by its id or its name; it is read, not managed. */
  static get(name: string, id: pulumi.Input<pulumi.ID>, opts?: pulumi.CustomResourceOptions): GatewayImage {
    return new GatewayImage(name, {} as GatewayImageArgs, { ...opts, id });
  }

  /** True for an object of kind GatewayImage, also one made by another copy of this package. */
  static override isInstance(value: unknown): value is GatewayImage {
    return UnikernelResource.isOf("GatewayImage", value);
  }
}
