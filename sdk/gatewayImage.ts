// Written by `npm run generate` from provider/resources. Do not edit.
import * as pulumi from "@pulumi/pulumi";
import { UnikernelResource, requireArgs } from "./resource";
import type {
  DockerfileBuild,
  DockerfileBuildArgs,
  ImageAttestation,
  ImageAttestationArgs,
  ImageFile,
  ImageFileArgs,
  RegistryCredentials,
  RegistryCredentialsArgs,
} from "./types";

/** Arguments of {@link GatewayImage}. */
export interface GatewayImageArgs {
  /** Name of the image repository, unique in the account and metro: 1 to 63 lower-case letters, digits and dashes. Default: the resource name plus 7 hexadecimal digits derived from its identity (owner, project, stack, parents, type and name), and a number if an object has that name already. With a fixed name, a replacement deletes the old image repository first. */
  readonly name?: pulumi.Input<string> | undefined;
  /** Folder with the Kraftfile, relative to the program. Paths in the Kraftfile are relative to this folder. */
  readonly context: pulumi.Input<string>;
  /** Path of the Kraftfile, relative to `context`. Default: the only one of `Kraftfile`, `Kraftfile.yaml`, `Kraftfile.yml`, `kraft.yaml` and `kraft.yml`. */
  readonly kraftfile?: pulumi.Input<string> | undefined;
  /** How to build the Dockerfile, if the Kraftfile's `rootfs` is one. Default: with the defaults below. */
  readonly build?: pulumi.Input<DockerfileBuildArgs> | undefined;
  /** Keep the modes of a `rootfs` directory as they are on this machine, instead of 0644 or 0755. Archives and Dockerfiles always keep theirs. Default false. */
  readonly preserveModes?: pulumi.Input<boolean> | undefined;
  /** Files to add to the root file system or replace in it: absolute path in the guest → a text, a Pulumi asset, or an object with mode and owner. Mode 0644 and owner root unless set. A secret is encrypted in state, but it is part of the image: whoever can pull the image can read it. Paths below `/unikernel` are reserved. Default: none. */
  readonly files?:
    pulumi.Input<Readonly<Record<string, pulumi.Input<string | pulumi.asset.Asset | ImageFileArgs>>>> | undefined;
  /** Repository that the image is pushed to, without tag and digest, such as `ghcr.io/acme/gateway`. Default: none for metro `local`, which runs the image from this machine; `index.unikraft.io/<user>/<name>` for any other, with the user of the metro's token. */
  readonly repository?: pulumi.Input<string> | undefined;
  /** Login at the registry of `repository`. An Instance or a Service that is given this image pulls with it. Encrypted in state. Default: the metro's token for the vendor's registry; for any other, what `docker login`, `podman login` or a credential helper has stored. */
  readonly registryCredentials?: pulumi.Input<RegistryCredentialsArgs> | undefined;
  /** Number of images that an update keeps, the new one included, so that a rollback finds its image. An image that an instance of the metro runs is kept in any case. Default 3. */
  readonly keepVersions?: pulumi.Input<number> | undefined;
  /** What to attach to the image in its registry. Needs a registry. It is deleted with its image; what others attached stays, and so do signatures if there are several. Default: nothing. */
  readonly attestation?: pulumi.Input<ImageAttestationArgs> | undefined;
  /** Where to write each built image too: `oci-layout://folder[:tag]` adds it to a folder, `oci-archive://file.tar[:tag]` replaces a file. Paths are relative to the program; the tag is `latest` unless given. They stay when the resource is deleted. Default: nowhere. */
  readonly exportTo?: pulumi.Input<readonly pulumi.Input<string>[]> | undefined;
  /** Delete the kept images from the registry when the resource is deleted, except those that an instance of the metro runs. Images that only metro `local` has are always deleted. Default false: other stacks and metros may use them. */
  readonly deleteOnDestroy?: pulumi.Input<boolean> | undefined;
}

/** An OCI image of a gateway or any other server, built from a folder with a Kraftfile. The same content always gives the same digest, and unchanged content is not built again. */
export class GatewayImage extends UnikernelResource {
  /** Name of the image repository, unique in the account and metro: 1 to 63 lower-case letters, digits and dashes. Default: the resource name plus 7 hexadecimal digits derived from its identity (owner, project, stack, parents, type and name), and a number if an object has that name already. With a fixed name, a replacement deletes the old image repository first. */
  declare readonly name: pulumi.Output<string>;
  /** Folder with the Kraftfile, relative to the program. Paths in the Kraftfile are relative to this folder. */
  declare readonly context: pulumi.Output<string>;
  /** Path of the Kraftfile, relative to `context`. Default: the only one of `Kraftfile`, `Kraftfile.yaml`, `Kraftfile.yml`, `kraft.yaml` and `kraft.yml`. */
  declare readonly kraftfile: pulumi.Output<string | undefined>;
  /** How to build the Dockerfile, if the Kraftfile's `rootfs` is one. Default: with the defaults below. */
  declare readonly build: pulumi.Output<DockerfileBuild | undefined>;
  /** Keep the modes of a `rootfs` directory as they are on this machine, instead of 0644 or 0755. Archives and Dockerfiles always keep theirs. Default false. */
  declare readonly preserveModes: pulumi.Output<boolean>;
  /** Files to add to the root file system or replace in it: absolute path in the guest → a text, a Pulumi asset, or an object with mode and owner. Mode 0644 and owner root unless set. A secret is encrypted in state, but it is part of the image: whoever can pull the image can read it. Paths below `/unikernel` are reserved. Default: none. */
  declare readonly files: pulumi.Output<Readonly<Record<string, string | pulumi.asset.Asset | ImageFile>>>;
  /** Repository that the image is pushed to, without tag and digest, such as `ghcr.io/acme/gateway`. Default: none for metro `local`, which runs the image from this machine; `index.unikraft.io/<user>/<name>` for any other, with the user of the metro's token. */
  declare readonly repository: pulumi.Output<string | undefined>;
  /** Login at the registry of `repository`. An Instance or a Service that is given this image pulls with it. Encrypted in state. Default: the metro's token for the vendor's registry; for any other, what `docker login`, `podman login` or a credential helper has stored. */
  declare readonly registryCredentials: pulumi.Output<RegistryCredentials | undefined>;
  /** Number of images that an update keeps, the new one included, so that a rollback finds its image. An image that an instance of the metro runs is kept in any case. Default 3. */
  declare readonly keepVersions: pulumi.Output<number>;
  /** What to attach to the image in its registry. Needs a registry. It is deleted with its image; what others attached stays, and so do signatures if there are several. Default: nothing. */
  declare readonly attestation: pulumi.Output<ImageAttestation | undefined>;
  /** Where to write each built image too: `oci-layout://folder[:tag]` adds it to a folder, `oci-archive://file.tar[:tag]` replaces a file. Paths are relative to the program; the tag is `latest` unless given. They stay when the resource is deleted. Default: nowhere. */
  declare readonly exportTo: pulumi.Output<readonly string[]>;
  /** Delete the kept images from the registry when the resource is deleted, except those that an instance of the metro runs. Images that only metro `local` has are always deleted. Default false: other stacks and metros may use them. */
  declare readonly deleteOnDestroy: pulumi.Output<boolean>;
  /** Reference by digest, `repository@sha256:…`; use it as `image` of an Instance or Service template. */
  declare readonly ref: pulumi.Output<string>;
  /** Digest of the image index. */
  declare readonly digest: pulumi.Output<string>;
  /** Hash of the build inputs. The contents of `files` and `build.secrets` are not part of it, because a hash would let anyone who sees it guess a short secret. It also changes when a newer release of this library builds other bytes from the same inputs; the image is then built once more. */
  declare readonly contextHash: pulumi.Output<string>;
  /** Total size of the image's blobs in bytes. */
  declare readonly sizeBytes: pulumi.Output<number>;
  /** Digests of the images that are kept, newest first, the current one included. */
  declare readonly versions: pulumi.Output<readonly string[]>;

  /**
   * Declares a GatewayImage.
   *
   * @param name resource name, unique among resources of this kind in the stack
   * @param args inputs
   * @param opts Pulumi's resource options
   */
  constructor(name: string, args: GatewayImageArgs, opts?: pulumi.CustomResourceOptions) {
    requireArgs("GatewayImage", args, ["context"], opts);
    super(
      "GatewayImage",
      name,
      args,
      [
        "name",
        "context",
        "kraftfile",
        "build",
        "preserveModes",
        "files",
        "repository",
        "registryCredentials",
        "keepVersions",
        "attestation",
        "exportTo",
        "deleteOnDestroy",
        "ref",
        "digest",
        "contextHash",
        "sizeBytes",
        "versions",
      ],
      ["build.secrets", "registryCredentials", "attestation.signingKey", "attestation.signingKeyPassphrase"],
      opts,
    );
  }

  /** Looks up an existing GatewayImage by id or name. It is read, not managed. */
  static get(name: string, id: pulumi.Input<pulumi.ID>, opts?: pulumi.CustomResourceOptions): GatewayImage {
    return new GatewayImage(name, {} as GatewayImageArgs, { ...opts, id });
  }

  /** True if the value is a GatewayImage, even one created by another copy of this package. */
  static override isInstance(value: unknown): value is GatewayImage {
    return UnikernelResource.isOf("GatewayImage", value);
  }
}
