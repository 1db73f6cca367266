/**
 * Detects the boot protocol of a kernel file.
 *
 * Sources: Linux, Documentation/arch/x86/boot.rst and arm64/booting.rst; Multiboot 0.6.96, 3.1.1; System V ABI (ELF);
 * include/xen/interface/elfnote.h (`XEN_ELFNOTE_PHYS32_ENTRY`, the PVH entry point).
 */
import * as fs from "node:fs/promises";
import { UnikernelError } from "../../base/errors";

/** `multiboot` is Unikraft for QEMU; `pvh` and `bzimage` are Linux; `arm64` is recognised but does not boot here. */
export type KernelKind = "pvh" | "bzimage" | "multiboot" | "arm64";

const HEAD_BYTES = 8192;
const PT_NOTE = 4;
const XEN_PHYS32_ENTRY = 18;
const MAX_NOTE_BYTES = 1024 * 1024;
const MULTIBOOT_MAGIC = Buffer.from([0x02, 0xb0, 0xad, 0x1b]);

/** Reads `length` bytes at `offset`, fewer at the end of the file. */
export type ReadAt = (offset: number, length: number) => Promise<Buffer>;

/** Reads an open file. */
export const readerOf =
  (handle: fs.FileHandle): ReadAt =>
  async (offset, length) => {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, offset);
    return buffer.subarray(0, bytesRead);
  };

/**
 * The kind of a kernel file.
 *
 * Throws `VMM_FAILED` when the file cannot be read or has no known boot protocol.
 */
export async function detectKernelKind(file: string): Promise<KernelKind> {
  const handle = await fs.open(file).catch((cause: unknown) => {
    throw new UnikernelError("VMM_FAILED", `The kernel '${file}' cannot be read.`, { cause });
  });
  try {
    const kind = await kernelKindOf(readerOf(handle));
    if (kind !== undefined) return kind;
  } finally {
    await handle.close();
  }
  throw new UnikernelError("VMM_FAILED", `The kernel '${file}' has no boot protocol that QEMU supports.`, {
    hint: UNBOOTABLE_HINT,
  });
}

/** What to do about a kernel without a boot protocol. */
export const UNBOOTABLE_HINT =
  "Use an image built for the platform qemu; kernels for Firecracker or the cloud do not boot in QEMU.";

/** The kind of a kernel; `undefined` for one that has no known boot protocol. Throws what reading throws. */
export async function kernelKindOf(read: ReadAt): Promise<KernelKind | undefined> {
  const head = await read(0, HEAD_BYTES);
  if (head.toString("latin1", 0x202, 0x206) === "HdrS") return "bzimage";
  if (head.toString("latin1", 0x38, 0x3c) === "ARM\x64") return "arm64";
  if (head.toString("latin1", 0, 4) !== "\x7fELF" || head.length < 64) return undefined;
  if (head[4] === 1) return hasMultibootHeader(head) ? "multiboot" : undefined;
  return head[4] === 2 && (await hasPvhNote(head, read)) ? "pvh" : undefined;
}

/** The header is 4-byte aligned within the first 8 KiB. */
function hasMultibootHeader(head: Buffer): boolean {
  for (let at = head.indexOf(MULTIBOOT_MAGIC); at !== -1; at = head.indexOf(MULTIBOOT_MAGIC, at + 1)) {
    if (at % 4 === 0) return true;
  }
  return false;
}

async function hasPvhNote(head: Buffer, read: ReadAt): Promise<boolean> {
  const tableOffset = Number(head.readBigUInt64LE(32));
  const entryBytes = head.readUInt16LE(54);
  const count = head.readUInt16LE(56);
  if (entryBytes < 56) return false;
  const table = await read(tableOffset, entryBytes * count);
  for (let at = 0; at + 56 <= table.length; at += entryBytes) {
    if (table.readUInt32LE(at) !== PT_NOTE) continue;
    const sizeBytes = Math.min(Number(table.readBigUInt64LE(at + 32)), MAX_NOTE_BYTES);
    if (containsPvhNote(await read(Number(table.readBigUInt64LE(at + 8)), sizeBytes))) return true;
  }
  return false;
}

const alignTo4 = (length: number): number => (length + 3) & ~3;

function containsPvhNote(notes: Buffer): boolean {
  for (let at = 0; at + 12 <= notes.length;) {
    const nameBytes = notes.readUInt32LE(at);
    const contentBytes = notes.readUInt32LE(at + 4);
    if (nameBytes > notes.length || contentBytes > notes.length) return false;
    const isXen = notes.toString("latin1", at + 12, at + 12 + nameBytes) === "Xen\0";
    if (isXen && notes.readUInt32LE(at + 8) === XEN_PHYS32_ENTRY) return true;
    at += 12 + alignTo4(nameBytes) + alignTo4(contentBytes);
  }
  return false;
}
