/** How an image was built, as a SLSA provenance in an in-toto statement. Pure. Sources: SLSA 1.0, provenance; in-toto Statement v1. */
import type { Digest } from "../../base/digest";
import { VERSION } from "../../base/version";
import type { Attachment } from "./attachDocuments";

/** Media type of an in-toto statement. Source: in-toto attestation framework. */
export const IN_TOTO_TYPE = "application/vnd.in-toto+json";

/** The type of every build of this package, which no other tool uses. */
export const BUILD_TYPE = "urn:pulumi-unikernel:gateway-image:v1";

/** Something that went into an image. */
export interface Material {
  /** Such as `oci://index.unikraft.io/official/base@sha256:…`. */
  readonly uri: string;
  readonly digest: Digest;
}

/** Facts about a build. Nothing secret: build arguments and contents of files do not belong here. */
export interface ProvenanceInputs {
  /** Repository of the image. */
  readonly name: string;
  readonly digest: Digest;
  /** Hash over everything that affects the bytes. */
  readonly contextHash: string;
  readonly kraftfile: string;
  /** Platforms of the image, separated by commas: `qemu/x86_64`. */
  readonly platform: string;
  readonly materials: readonly Material[];
  /** RFC 3339; `undefined` leaves the times out, so that equal builds have equal documents. */
  readonly startedAt?: string;
  readonly finishedAt?: string;
}

const sha256 = (digest: Digest) => ({ sha256: digest.slice("sha256:".length) });

/** Creates the statement about an image. */
export function createProvenance(inputs: ProvenanceInputs): Attachment {
  const { name, digest, contextHash, kraftfile, platform, materials, startedAt, finishedAt } = inputs;
  const statement = {
    _type: "https://in-toto.io/Statement/v1",
    subject: [{ name, digest: sha256(digest) }],
    predicateType: "https://slsa.dev/provenance/v1",
    predicate: {
      buildDefinition: {
        buildType: BUILD_TYPE,
        externalParameters: { kraftfile, platform },
        internalParameters: { contextHash },
        resolvedDependencies: materials.map((material) => ({ uri: material.uri, digest: sha256(material.digest) })),
      },
      runDetails: {
        builder: { id: BUILD_TYPE, version: { "pulumi-unikernel": VERSION } },
        ...(startedAt === undefined
          ? {}
          : { metadata: { startedOn: startedAt, ...(finishedAt && { finishedOn: finishedAt }) } }),
      },
    },
  };
  const annotations = { "in-toto.io/predicate-type": statement.predicateType };
  return { artifactType: IN_TOTO_TYPE, bytes: Buffer.from(JSON.stringify(statement)), annotations };
}
