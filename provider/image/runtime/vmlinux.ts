/**
 * Extracts the PVH kernel from a bzImage, which saves each VM half a second of decompression at boot.
 *
 * Sources: Linux, Documentation/arch/x86/boot.rst (setup header, `payload_offset`); include/xen/interface/elfnote.h.
 */
import { UnikernelError } from "../../base/errors";
import { LZ4_LEGACY_MAGIC, decodeLz4Legacy } from "./lz4";

/** Larger than any real kernel; limits the allocation for a damaged file. */
const MAX_KERNEL_BYTES = 512 * 1024 * 1024;
const SECTOR_BYTES = 512;

const unusableKernelError = (what: string): UnikernelError =>
  new UnikernelError("RUNTIME_UNAVAILABLE", `The kernel of the package cannot be used: ${what}.`, {
    hint: "Use another runtime in the Kraftfile, or report this with the version of the kernel package.",
  });

/**
 * Extracts the ELF file from a bzImage.
 *
 * Throws `RUNTIME_UNAVAILABLE` when the file is not a bzImage, uses a compression other than LZ4 (Debian's choice), or
 * does not contain an ELF file.
 */
export function extractVmlinux(bzImage: Uint8Array): Buffer {
  const file = Buffer.from(bzImage.buffer, bzImage.byteOffset, bzImage.byteLength);
  if (file.length < 0x250 || file.toString("latin1", 0x202, 0x206) !== "HdrS")
    throw unusableKernelError("it is not a bzImage");
  const setupSectors = file[0x1f1] === 0 ? 4 : (file[0x1f1] ?? 4); // 0 means 4 for backwards compatibility
  const start = (setupSectors + 1) * SECTOR_BYTES + file.readUInt32LE(0x248);
  const end = start + file.readUInt32LE(0x24c);
  if (end > file.length || end - start < 8) throw unusableKernelError("its payload is outside the file");
  const payload = file.subarray(start, end);
  if (!payload.subarray(0, 4).equals(LZ4_LEGACY_MAGIC))
    throw unusableKernelError("its payload is not compressed with LZ4");
  // The kernel's build appends the decompressed size (scripts/Makefile.lib, "size_append").
  const sizeBytes = payload.readUInt32LE(payload.length - 4);
  if (sizeBytes > MAX_KERNEL_BYTES) throw unusableKernelError(`it claims ${sizeBytes} decompressed bytes`);
  const elf = decodeLz4Legacy(payload.subarray(0, -4), sizeBytes);
  if (elf.toString("latin1", 0, 4) !== "\x7fELF") throw unusableKernelError("its payload is not an ELF file");
  return elf;
}
