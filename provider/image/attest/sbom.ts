/**
 * The software bill of materials of an image, in SPDX 2.3 as JSON. Pure.
 *
 * Source: SPDX specification 2.3; 7.9 has the verification code of a package, and 8.4 says that each file has a SHA-1.
 */
import * as crypto from "node:crypto";
import type { Digest } from "../../base/digest";
import { VERSION } from "../../base/version";
import type { Attachment } from "./attachDocuments";

/** Media type of SPDX in JSON. Source: IANA. */
export const SPDX_TYPE = "application/spdx+json";

/** A file of an image's root file system. */
export interface SbomFile {
  /** Absolute guest path. */
  readonly path: string;
  readonly digest: Digest;
  /** SHA-1 in hexadecimal. */
  readonly sha1: string;
}

/** What an image consists of for one platform. */
export interface SbomPlatform {
  /** Such as `qemu/x86_64`. */
  readonly platform: string;
  /** Where the kernel comes from, and the digest of its layer; `undefined` for an image without a kernel. */
  readonly runtime: { readonly reference: string; readonly kernelDigest: Digest } | undefined;
  /** Regular files, in any order. Content of secret files must be left out: a digest of a short secret can be guessed. */
  readonly files: readonly SbomFile[];
  /** Absolute guest paths of the files that were left out. */
  readonly excluded: readonly string[];
}

/** What an image consists of. */
export interface SbomInputs {
  /** Repository of the image. */
  readonly name: string;
  readonly digest: Digest;
  /** In the order of the index. */
  readonly platforms: readonly SbomPlatform[];
  /** RFC 3339; the same time gives the same document. */
  readonly createdAt: string;
}

/** IRI of an image's document, which no other tool uses; SPDX requires one. Equal images have equal documents. */
export const sbomNamespace = (digest: Digest): string =>
  `https://spdx.org/spdxdocs/pulumi-unikernel/${digest.slice("sha256:".length)}`;

const checksum = (digest: Digest) => [{ algorithm: "SHA256", checksumValue: digest.slice("sha256:".length) }];

const PACKAGE = { downloadLocation: "NOASSERTION", copyrightText: "NOASSERTION" };
const NOT_ANALYZED = { ...PACKAGE, filesAnalyzed: false };

/** The members of a package whose files the document lists. */
const analyzed = ({ files, excluded }: Pick<SbomPlatform, "files" | "excluded">) => ({
  ...PACKAGE,
  filesAnalyzed: true,
  packageVerificationCode: {
    packageVerificationCodeValue: crypto
      .createHash("sha1")
      .update(
        files
          .map(({ sha1 }) => sha1)
          .toSorted()
          .join(""),
      )
      .digest("hex"),
    ...(excluded.length === 0 ? {} : { packageVerificationCodeExcludedFiles: excluded.toSorted().map(toFileName) }),
  },
});

const toFileName = (path: string): string => `.${path}`;

/**
 * Creates the document that lists the image, its runtime and its files. With several platforms, each is a package of its own inside the
 * image; a file or runtime that they share is listed once.
 */
export function createSbom({ name, digest, platforms, createdAt }: SbomInputs): Attachment {
  const single = platforms.length === 1 ? platforms[0] : undefined;
  const isSingle = single !== undefined;
  const owners = platforms.map((one, at) => ({ ...one, id: isSingle ? IMAGE_ID : `SPDXRef-Platform-${at + 1}` }));
  const runtimes = distinct(platforms.map(({ runtime }) => runtime).filter((runtime) => runtime !== undefined));
  const files = distinct(platforms.flatMap((one) => one.files)).toSorted(compareFiles);
  const runtimeId = (at: number): string => (isSingle ? "SPDXRef-Runtime" : `SPDXRef-Runtime-${at + 1}`);
  const fileId = (at: number): string => `SPDXRef-File-${at + 1}`;
  const document = {
    spdxVersion: "SPDX-2.3",
    dataLicense: "CC0-1.0",
    SPDXID: "SPDXRef-DOCUMENT",
    name,
    documentNamespace: sbomNamespace(digest),
    creationInfo: { created: createdAt, creators: [`Tool: pulumi-unikernel-${VERSION}`] },
    packages: [
      {
        ...{ SPDXID: IMAGE_ID, name, versionInfo: digest, checksums: checksum(digest) },
        ...(single === undefined ? NOT_ANALYZED : analyzed(single)),
      },
      ...(isSingle
        ? []
        : owners.map((one) => ({ SPDXID: one.id, name: `${name} (${one.platform})`, ...analyzed(one) }))),
      ...runtimes.map(({ reference, kernelDigest }, at) => ({
        SPDXID: runtimeId(at),
        name: reference,
        ...NOT_ANALYZED,
        checksums: checksum(kernelDigest),
      })),
    ],
    files: files.map((file, at) => ({
      SPDXID: fileId(at),
      fileName: toFileName(file.path),
      checksums: [{ algorithm: "SHA1", checksumValue: file.sha1 }, ...checksum(file.digest)],
      copyrightText: "NOASSERTION",
    })),
    relationships: [
      relate("SPDXRef-DOCUMENT", "DESCRIBES", IMAGE_ID),
      ...(isSingle ? [] : owners.map(({ id }) => relate(IMAGE_ID, "CONTAINS", id))),
      ...owners.flatMap(({ id, runtime }) =>
        indexesOf(runtimes, runtime === undefined ? [] : [runtime]).map((at) =>
          relate(id, "DEPENDS_ON", runtimeId(at)),
        ),
      ),
      ...owners.flatMap((owner) => indexesOf(files, owner.files).map((at) => relate(owner.id, "CONTAINS", fileId(at)))),
    ],
  };
  return { artifactType: SPDX_TYPE, bytes: Buffer.from(JSON.stringify(document)) };
}

const IMAGE_ID = "SPDXRef-Image";

/** Equal values once. */
const distinct = <T extends object>(values: readonly T[]): T[] => [
  ...new Map(values.map((value) => [JSON.stringify(value), value])).values(),
];

/** Where the values are in the list of all, in its order. */
function indexesOf<T extends object>(all: readonly T[], values: readonly T[]): number[] {
  const wanted = new Set(values.map((value) => JSON.stringify(value)));
  return all.flatMap((value, at) => (wanted.has(JSON.stringify(value)) ? [at] : []));
}

const compareFiles = (a: SbomFile, b: SbomFile): number => {
  if (a.path !== b.path) return a.path < b.path ? -1 : 1;
  return a.digest < b.digest ? -1 : 1;
};

const relate = (from: string, relationshipType: string, to: string) => ({
  spdxElementId: from,
  relationshipType,
  relatedSpdxElement: to,
});
