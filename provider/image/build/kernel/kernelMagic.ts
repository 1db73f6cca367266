/**
 * Tells kernels from other files by their first bytes, so that a wrong file fails before a guest does.
 *
 * Sources: System V ABI (ELF); Linux, Documentation/arch/x86/boot.rst (bzImage) and Documentation/arch/arm64/booting.rst (Image).
 */
import { ContentReader } from "../../pack/contentReader";
import { type DiskFile, sizeOf } from "../../rootfs/tree";

const HEAD_BYTES = 1024;

/** `e_machine` of an ELF file → architecture. A multiboot kernel for x86_64 is a 32-bit file. */
const ELF_MACHINES: ReadonlyMap<number, string> = new Map([
  [3, "x86_64"],
  [62, "x86_64"],
  [183, "arm64"],
]);

/** What is wrong with the file as a kernel for this architecture, as the end of a sentence; `undefined` if nothing. Reads its first KiB. */
export function findKernelProblem(name: string, file: DiskFile, architecture: string): string | undefined {
  const found = architectureOf(readHead(name, file));
  if (found === undefined)
    return "is not a kernel; use an ELF file, a bzImage of Linux for x86, or an Image of Linux for arm64.";
  if (found === "unknown" || found === architecture) return undefined;
  return `is a kernel for ${found}, but the target is ${architecture}.`;
}

function readHead(name: string, file: DiskFile): Buffer {
  using reader = new ContentReader();
  const head = Buffer.alloc(Math.min(HEAD_BYTES, sizeOf(file)));
  const opened = reader.open(name, file);
  try {
    opened.read(head, 0, head.length);
  } finally {
    opened.close();
  }
  return head;
}

/** The architecture of a kernel; `unknown` for an ELF file of another machine, `undefined` for what is no kernel. */
function architectureOf(head: Buffer): string | undefined {
  if (head.toString("latin1", 0x202, 0x206) === "HdrS") return "x86_64";
  if (head.toString("latin1", 0x38, 0x3c) === "ARM\x64") return "arm64";
  if (head.length < 20 || head.toString("latin1", 0, 4) !== "\x7fELF") return undefined;
  return ELF_MACHINES.get(head.readUInt16LE(18)) ?? "unknown";
}
