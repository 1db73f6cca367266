/** The software bill of materials of an image, in SPDX 2.3 as JSON. Pure. Source: SPDX specification 2.3. */
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
}

/** What an image consists of. */
export interface SbomInputs {
  /** Repository of the image. */
  readonly name: string;
  readonly digest: Digest;
  /** Where the kernel comes from, and the digest of its layer; `undefined` for an image without a kernel. */
  readonly runtime: { readonly reference: string; readonly kernelDigest: Digest } | undefined;
  /** Regular files, in any order. Content of secret files must be left out: a digest of a short secret can be guessed. */
  readonly files: readonly SbomFile[];
  /** RFC 3339; the same time gives the same document. */
  readonly createdAt: string;
}

/** SPDX requires an IRI that identifies the document; equal images have equal documents. */
const namespaceOf = (digest: Digest): string =>
  `https://spdx.org/spdxdocs/pulumi-unikernel/${digest.slice("sha256:".length)}`;

const checksum = (digest: Digest) => [{ algorithm: "SHA256", checksumValue: digest.slice("sha256:".length) }];

/** Creates the document that lists the image, its runtime and its files. */
export function createSbom({ name, digest, runtime, files, createdAt }: SbomInputs): Attachment {
  const unpacked = { downloadLocation: "NOASSERTION", filesAnalyzed: false, copyrightText: "NOASSERTION" };
  const sorted = files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const fileIds = sorted.map((_file, at) => `SPDXRef-File-${at + 1}`);
  const document = {
    spdxVersion: "SPDX-2.3",
    dataLicense: "CC0-1.0",
    SPDXID: "SPDXRef-DOCUMENT",
    name,
    documentNamespace: namespaceOf(digest),
    creationInfo: { created: createdAt, creators: [`Tool: pulumi-unikernel-${VERSION}`] },
    packages: [
      { SPDXID: "SPDXRef-Image", name, versionInfo: digest, ...unpacked, checksums: checksum(digest) },
      ...(runtime === undefined
        ? []
        : [
            {
              SPDXID: "SPDXRef-Runtime",
              name: runtime.reference,
              ...unpacked,
              checksums: checksum(runtime.kernelDigest),
            },
          ]),
    ],
    files: sorted.map((file, at) => ({
      SPDXID: fileIds[at],
      fileName: `.${file.path}`,
      checksums: checksum(file.digest),
      copyrightText: "NOASSERTION",
    })),
    relationships: [
      relate("SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-Image"),
      ...(runtime === undefined ? [] : [relate("SPDXRef-Image", "DEPENDS_ON", "SPDXRef-Runtime")]),
      ...fileIds.map((id) => relate("SPDXRef-Image", "CONTAINS", id)),
    ],
  };
  return { artifactType: SPDX_TYPE, bytes: Buffer.from(JSON.stringify(document)) };
}

const relate = (from: string, relationshipType: string, to: string) => ({
  spdxElementId: from,
  relationshipType,
  relatedSpdxElement: to,
});
