/** Inputs of a GatewayImage. Pure. */
import * as z from "zod";
import { assetSchema } from "../../definition/asset";
import { field, objectType } from "../../definition/resource";
import { nameField } from "../common/fields";
import { registryCredentials } from "../common/registryCredentials";

const buildInput = objectType(
  "DockerfileBuild",
  "How to build the Dockerfile that the Kraftfile's `rootfs` names. The builder is the first of BuildKit (`BUILDKIT_HOST`), `docker buildx`, `podman` and `buildah`.",
  z.strictObject({
    target: field(z.string().min(1).optional(), { description: "Stage to build. Default: the last one." }),
    args: field(z.record(z.string(), z.string()).default({}), {
      description:
        "Values of `ARG` instructions by name. They are not secret: the image and the output may show them. Default: none.",
    }),
    secrets: field(z.record(z.string(), z.string()).default({}), {
      description:
        "Values for `RUN --mount=type=secret,id=…` by id. They are in no layer unless the Dockerfile copies them there. Default: none.",
      secret: true,
    }),
    ssh: field(z.array(z.string().min(1)).default([]), {
      description:
        "SSH agents and keys for `RUN --mount=type=ssh`: `default`, or `<id>=<socket or key file>`. Default: none.",
    }),
    cacheFrom: field(z.array(z.string().min(1)).default([]), {
      description: "Caches to import, in the notation of `docker buildx build --cache-from`. Default: none.",
    }),
    cacheTo: field(z.array(z.string().min(1)).default([]), {
      description: "Caches to export, in the notation of `docker buildx build --cache-to`. Default: none.",
    }),
    noCache: field(z.boolean().default(false), {
      description: "Run every step again whenever the image is built. Default false.",
    }),
  }),
);

/** Owners are 32-bit numbers in every format of a root file system. */
const ownerField = (what: string) =>
  field(z.int().min(0).max(0xffff_ffff).optional(), { description: `${what} of the file. Default 0, root.` });

/** One of `content` and `asset` is set; a rule checks it. */
const fileInput = objectType(
  "ImageFile",
  "A file with mode and owner. Set either `content` or `asset`.",
  z.strictObject({
    content: field(z.string().optional(), { description: "Content as text, stored as UTF-8." }),
    asset: field(assetSchema.optional(), { description: "Content as a Pulumi asset, which may be binary." }),
    mode: field(z.int().min(0).max(0o7777).optional(), {
      description: "Permissions of the file, such as `0o600`: an octal literal, not the decimal 600. Default 0o644.",
    }),
    uid: ownerField("User ID of the owner"),
    gid: ownerField("Group ID of the owner"),
  }),
);

const fileValue = z.union([z.string(), assetSchema, fileInput], {
  error: "must be a text, an asset, or an object with 'content' or 'asset'",
});

const attestationInput = objectType(
  "ImageAttestation",
  "Documents and a signature beside a pushed image, for those who verify images before they run them.",
  z.strictObject({
    sbom: field(z.boolean().default(false), {
      description:
        "Attach a software bill of materials (SPDX 2.3, JSON): the kernel, and the files of the root file system; of those in `files`, the names alone. Default false.",
    }),
    provenance: field(z.boolean().default(false), {
      description: "Attach how the image was built (SLSA provenance 1.0 in an in-toto statement). Default false.",
    }),
    signingKey: field(z.string().min(1).optional(), {
      description:
        "Private key for a signature as of `cosign sign --key`: ECDSA on the curve P-256, in PEM. Default: no signature, unless there is a `signingCommand`.",
      secret: true,
    }),
    signingKeyPassphrase: field(z.string().min(1).optional(), {
      description: "Passphrase of `signingKey`. Default: the key has none.",
      secret: true,
    }),
    signingCommand: field(z.array(z.string().min(1)).min(1).optional(), {
      description:
        "Command that signs in place of `signingKey`, such as one of a key management service: it reads the payload in base64 and prints an ECDSA signature over its SHA-256 in base64. Default: none.",
    }),
  }),
);

/** Inputs of a GatewayImage. */
export const imageInputs = z.strictObject({
  name: nameField("image repository"),
  context: field(z.string().min(1), {
    description:
      "Folder with the Kraftfile, relative to the program. Paths in the Kraftfile are relative to this folder.",
  }),
  kraftfile: field(z.string().min(1).optional(), {
    description:
      "Path of the Kraftfile, relative to `context`. Default: the only one of `Kraftfile`, `Kraftfile.yaml`, `Kraftfile.yml`, `kraft.yaml` and `kraft.yml`.",
  }),
  build: field(buildInput.optional(), {
    description: "How to build the Dockerfile, if the Kraftfile's `rootfs` is one. Default: with the defaults below.",
  }),
  preserveModes: field(z.boolean().default(false), {
    description:
      "Keep the modes of a `rootfs` directory as they are on this machine, instead of 0644 or 0755. Archives and Dockerfiles always keep theirs. Default false.",
  }),
  files: field(z.record(z.string(), fileValue).default({}), {
    description:
      "Files to add to the root file system or replace in it: absolute path in the guest → a text, a Pulumi asset, or an object with mode and owner. Mode 0644 and owner root unless set. A secret is encrypted in state, but it is part of the image: whoever can pull the image can read it. Paths below `/unikernel` are reserved. Default: none.",
    neverPrinted: true,
  }),
  contextHash: field(z.string().optional(), {
    description:
      "Hash of the build inputs without the contents of `files`, computed at preview so that a changed file shows as a change.",
    computed: true,
  }),
  digest: field(z.string().optional(), {
    description: "Digest that the image will have, if a preview can know it.",
    computed: true,
    onChange: "ignore",
  }),
  ref: field(z.string().optional(), {
    description: "Reference that the image will have, if a preview can know it.",
    computed: true,
    onChange: "ignore",
  }),
  repository: field(z.string().min(1).optional(), {
    description:
      "Repository that the image is pushed to, without tag and digest, such as `ghcr.io/acme/gateway`. Default: none for metro `local`, which runs the image from this machine; `index.unikraft.io/<user>/<name>` for any other, with the user of the metro's token.",
    onChange: "replace",
  }),
  registryCredentials: field(registryCredentials.optional(), {
    description:
      "Login at the registry of `repository`. An Instance or a Service that is given this image pulls with it. Encrypted in state. Default: the metro's token for the vendor's registry; for any other, what `docker login`, `podman login` or a credential helper has stored.",
    secret: true,
  }),
  keepVersions: field(z.int().min(1).max(1000).default(3), {
    description:
      "Number of images that an update keeps, the new one included, so that a rollback finds its image. An image that an instance of the metro runs is kept in any case. Default 3.",
  }),
  attestation: field(attestationInput.optional(), {
    description:
      "What to attach to the image in its registry. Needs a registry. It is deleted with its image; what others attached stays, and so do signatures if there are several. Default: nothing.",
  }),
  exportTo: field(
    z
      .array(z.string().regex(/^oci-(?:layout|archive):\/\/./, "must begin with 'oci-layout://' or 'oci-archive://'"))
      .default([]),
    {
      description:
        "Where to write each built image too: `oci-layout://folder[:tag]` adds it to a folder, `oci-archive://file.tar[:tag]` replaces a file. Paths are relative to the program; the tag is `latest` unless given. They stay when the resource is deleted. Default: nowhere.",
    },
  ),
  deleteOnDestroy: field(z.boolean().default(false), {
    description:
      "Delete the kept images from the registry when the resource is deleted, except those that an instance of the metro runs. Images that only metro `local` has are always deleted. Default false: other stacks and metros may use them.",
  }),
});

/** Checked inputs of a GatewayImage. */
export type ImageInputs = z.output<typeof imageInputs>;

/** A value of `files`. */
export type FileValue = z.output<typeof fileValue>;
