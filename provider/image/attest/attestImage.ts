/** Attaches documents and a signature to an image that was just pushed. */
import * as path from "node:path";
import type { Digest } from "../../base/digest";
import { UnikernelError } from "../../base/errors";
import { withTemporaryFolder } from "../../base/files";
import type { BuildPlan } from "../build/planBuild";
import { fromCpio } from "../cpio/read";
import { isErofs, readErofs } from "../erofs/read";
import { formatPlatform } from "../oci/descriptor";
import { findRoot } from "../oci/exchange/collect";
import { type LayerRef, extractLayer } from "../oci/layer";
import { type DescribedImage, readPlatforms } from "../oci/storedImage";
import { describeFile } from "../pack/contentReader";
import { digestContents } from "../pack/digestContents";
import { FileDigests } from "../pack/fileDigests";
import type { RegistryAccess } from "../registry/pull";
import { checksumFiles } from "./checksumFiles";
import { createProvenance } from "./provenance";
import { type Attachment, attachDocuments } from "./attachDocuments";
import { type SbomFile, type SbomPlatform, createSbom } from "./sbom";
import { signImage } from "./signature";
import type { Signer } from "./signer";

/** What to attach. */
export interface AttestOptions {
  readonly sbom: boolean;
  readonly provenance: boolean;
  /** `undefined` leaves the image unsigned. */
  readonly signer: Signer | undefined;
}

/** A pushed image. */
export interface PushedImage {
  /** Folder of the layout that has it. */
  readonly layout: string;
  /** In its registry, without tag and digest. */
  readonly repository: string;
  readonly digest: Digest;
  readonly plan: BuildPlan;
}

/** Equal images have equal documents, so the time in them is that of the files in images. */
const CREATED_AT = "1970-01-01T00:00:00Z";

/**
 * Attaches the documents, then signs. Idempotent, except for a signing command whose key is not on P-256: each call then adds a signature.
 * Throws `OPERATION_FAILED` (the signer), and
 * what a registry's client throws.
 */
export async function attestImage(
  image: PushedImage,
  { sbom, provenance, signer }: AttestOptions,
  access: RegistryAccess,
): Promise<void> {
  const { layout, repository, digest } = image;
  const attachments: Attachment[] = [];
  if (sbom) attachments.push(await describeContents(image, access.signal));
  if (provenance) attachments.push(await describeBuild(image));
  if (attachments.length > 0) await attachDocuments(repository, await findRoot(layout, digest), attachments, access);
  if (signer !== undefined) await signImage(repository, digest, signer, access);
}

/** The image for each platform, in the order of its index. */
async function readStored({ layout, repository, digest }: PushedImage): Promise<readonly DescribedImage[]> {
  const images = await readPlatforms(layout, await findRoot(layout, digest));
  if (images.length > 0) return images;
  throw new UnikernelError("BUILD_FAILED", `The image '${repository}@${digest}' is no longer on this machine.`, {
    hint: "Run 'pulumi up' again.",
  });
}

const kernelName = ({ kernel }: BuildPlan): string => {
  if (kernel.type === "runtime") return kernel.reference;
  return kernel.type === "file" ? kernel.label : kernel.type;
};

async function describeContents(image: PushedImage, signal: AbortSignal | undefined): Promise<Attachment> {
  const { repository, digest, plan } = image;
  const listed = new Map<Digest, Listing>(); // platforms may share a root file system
  const platforms: SbomPlatform[] = [];
  for (const { platform, kernel, initrd } of await readStored(image)) {
    if (initrd !== undefined && !listed.has(initrd.digest))
      listed.set(initrd.digest, await listFiles(initrd, plan, signal));
    platforms.push({
      platform: formatPlatform(platform),
      runtime: kernel === undefined ? undefined : { reference: kernelName(plan), kernelDigest: kernel.digest },
      ...((initrd && listed.get(initrd.digest)) ?? NO_FILES),
    });
  }
  return createSbom({ name: repository, digest, platforms, createdAt: CREATED_AT });
}

type Listing = Pick<SbomPlatform, "files" | "excluded">;

const NO_FILES: Listing = { files: [], excluded: [] };

/** The files of the packed root file system. Those with a content of `files` are left out: a hash of a short secret can be guessed. */
async function listFiles(initrd: LayerRef, plan: BuildPlan, signal: AbortSignal | undefined): Promise<Listing> {
  return withTemporaryFolder(async (folder) => {
    const file = path.join(folder, "rootfs");
    await extractLayer(initrd, file);
    const tree = (await isErofs(file)) ? await readErofs(file) : await fromCpio(describeFile(file), "initrd", signal);
    const given = plan.givenFiles.map(({ content }) => ({ name: "files", content }));
    const secret = new Set(await digestContents(given, new FileDigests(), signal));
    const files = await checksumFiles(tree, signal);
    const [excluded, listed] = [true, false].map((isSecret) =>
      files.filter(({ digest }) => secret.has(digest) === isSecret),
    ) as [SbomFile[], SbomFile[]];
    return { files: listed, excluded: excluded.map((one) => one.path) };
  });
}

async function describeBuild(image: PushedImage): Promise<Attachment> {
  const { repository, digest, plan } = image;
  const images = await readStored(image);
  const kernels = new Map(images.flatMap(({ kernel }) => (kernel === undefined ? [] : [[kernel.digest, kernel]])));
  return createProvenance({
    name: repository,
    digest,
    contextHash: plan.contextHash,
    kraftfile: plan.kraftfilePath,
    platform: images.map(({ platform }) => formatPlatform(platform)).join(","),
    materials: [...kernels.values()].map((kernel) => ({
      uri: `oci://${kernelName(plan)}#${kernel.entry}`,
      digest: kernel.digest,
    })),
  });
}
