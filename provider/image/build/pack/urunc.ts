/**
 * The entry of an image for a Kubernetes cluster: containerd pulls only `linux/amd64`, and unpacks it to a root file system in which the
 * container runtime urunc finds the kernel, the initrd and a description of them. It shares the layers of `qemu/x86_64`. Pure.
 *
 * Source: urunc 0.7.0, docs/package/index.md ("Annotations"), pkg/unikontainers/config.go (`getConfigFromJSON`).
 */
import { type BlobSource, blobFromBytes } from "../../oci/blob";
import { LAYER_ENTRY, type Platform } from "../../oci/descriptor";
import type { LayerInput, PlatformImage } from "../../oci/imageBlobs";
import type { ArchivePart } from "../../pack/archivePlan";
import { planLayer } from "../../pack/layerPlan";
import type { RootfsFormat } from "../../pack/packTree";

/** An image, and the format of its root file system. */
export interface FormattedImage {
  readonly image: PlatformImage;
  readonly format: RootfsFormat;
}

/** The platform by which containerd chooses, in Go's names. */
export const CONTAINER_PLATFORM: Platform = { os: "linux", architecture: "amd64" };

const DESCRIPTION_FILE = "urunc.json";
const PREFIX = "com.urunc.unikernel.";

/**
 * The entry for urunc; `undefined` without an image that urunc can boot. That is one with a kernel for QEMU on x86_64 and a CPIO archive,
 * since urunc tells the kernel to extract it, and without ROMs, which are no layers that containerd unpacks.
 */
export function containerEntry(images: readonly FormattedImage[]): PlatformImage | undefined {
  const found = images.find(isBootable)?.image;
  return found && { ...found, platform: CONTAINER_PLATFORM, containerLayers: [describeForUrunc(found)] };
}

const isBootable = ({ image: { platform, kernel, initrd, roms = [] }, format }: FormattedImage): boolean =>
  platform.os === "qemu" &&
  platform.architecture === "x86_64" &&
  kernel !== undefined &&
  (initrd === undefined || format === "cpio") &&
  roms.length === 0;

const pathOf = (layer: LayerInput, usual: string): string => `/${"entry" in layer ? layer.entry : usual}`;

/**
 * The layer with the description, whose values are in base64. The stand-in guest is a `unikraft` too: its init takes the parameters of a
 * Unikraft kernel, while those for `linux` would start the program in place of that init.
 */
function describeForUrunc({ kernel, initrd }: PlatformImage): BlobSource {
  const values = {
    unikernelType: "unikraft",
    hypervisor: "qemu",
    binary: kernel && pathOf(kernel, LAYER_ENTRY.kernel),
    initrd: initrd && pathOf(initrd, LAYER_ENTRY.initrd),
  };
  const encoded = Object.entries(values).flatMap(([key, value]) =>
    value === undefined ? [] : [[`${PREFIX}${key}`, Buffer.from(value).toString("base64")] as const],
  );
  const json = Buffer.from(JSON.stringify(Object.fromEntries(encoded)));
  const layer = planLayer({ sizeBytes: json.length, parts: () => [json] }, DESCRIPTION_FILE);
  return blobFromBytes(Buffer.concat([...layer.parts()].map(toBytes)));
}

/** The parts of this layer are bytes and numbers of zeros, and no file. */
const toBytes = (part: ArchivePart): Uint8Array =>
  typeof part === "number" ? Buffer.alloc(part) : (part as Uint8Array);
