/** Files that begin like kernels and root file systems, for tests that look at them and boot none. */
import { EROFS_MAGIC, SUPER, SUPER_OFFSET } from "../../provider/image/erofs/format";

/** A 64-bit ELF file with a note. */
export function elf64(note?: { readonly name: string; readonly type: number }, sizeBytes = 512): Buffer {
  const file = Buffer.alloc(sizeBytes);
  file.write("\x7fELF", 0, "latin1");
  file[4] = 2;
  if (note === undefined) return file;
  file.writeBigUInt64LE(64n, 32); // e_phoff
  file.writeUInt16LE(56, 54); // e_phentsize
  file.writeUInt16LE(1, 56); // e_phnum
  file.writeUInt32LE(4, 64); // PT_NOTE
  file.writeBigUInt64LE(256n, 72); // p_offset
  file.writeBigUInt64LE(40n, 96); // p_filesz
  file.writeUInt32LE(4, 256); // an unrelated note before it
  file.writeUInt32LE(4, 260);
  file.writeUInt32LE(6, 264);
  file.write("GNU\0", 268, "latin1");
  file.writeUInt32LE(note.name.length + 1, 276);
  file.writeUInt32LE(4, 280);
  file.writeUInt32LE(note.type, 284);
  file.write(`${note.name}\0`, 288, "latin1");
  return file;
}

/** A Linux kernel with a PVH entry point. */
export const linuxKernel = (sizeBytes = 512): Buffer => elf64({ name: "Xen", type: 18 }, sizeBytes);

/** A multiboot kernel with its header at this offset. */
export function multibootKernelFile(at: number): Buffer {
  const file = Buffer.alloc(16_384);
  file.write("\x7fELF", 0, "latin1");
  file[4] = 1;
  file.writeUInt32LE(0x1badb002, at);
  return file;
}

/** A Unikraft kernel that takes these parameters. */
export function unikraftKernel(libraries: readonly ("netdev" | "vfs" | "env")[]): Buffer {
  const file = multibootKernelFile(4096);
  file.write(libraries.map((name) => `${name}\0`).join(""), 8192, "latin1");
  return file;
}

/** A Unikraft kernel that takes all parameters, like app-elfloader. */
export const elfloaderKernel = (): Buffer => unikraftKernel(["netdev", "vfs", "env"]);

/** What begins like an EROFS image. */
export function erofsImage(sizeBytes: number): Buffer {
  const image = Buffer.alloc(sizeBytes);
  image.writeUInt32LE(EROFS_MAGIC, SUPER_OFFSET + SUPER.magic);
  return image;
}
