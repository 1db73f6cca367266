/** Static programs of the stand-in guest that are written in assembly: machine code in the smallest file that Linux executes. */

/** Where Linux places a program that is not relocatable. Source: System V ABI for x86-64. */
const LOAD_ADDRESS = 0x400000;
const ELF_HEADER_BYTES = 64;
const PROGRAM_HEADER_BYTES = 56;
const HEADERS_BYTES = ELF_HEADER_BYTES + PROGRAM_HEADER_BYTES;

/**
 * The program of this machine code for x86-64, which begins with its first instruction: an ELF header, one segment that is read and
 * executed, and the code. Source: elf(5).
 */
export function toStaticProgram(code: Uint8Array): Uint8Array {
  const headers = Buffer.alloc(HEADERS_BYTES);
  const fileBytes = HEADERS_BYTES + code.length;
  headers.write("\x7fELF\x02\x01\x01", "latin1"); // 64 bits, little endian, version 1
  headers.writeUInt16LE(2, 16); // e_type: ET_EXEC
  headers.writeUInt16LE(62, 18); // e_machine: EM_X86_64
  headers.writeUInt32LE(1, 20); // e_version
  headers.writeBigUInt64LE(BigInt(LOAD_ADDRESS + HEADERS_BYTES), 24); // e_entry
  headers.writeBigUInt64LE(BigInt(ELF_HEADER_BYTES), 32); // e_phoff
  headers.writeUInt16LE(ELF_HEADER_BYTES, 52); // e_ehsize
  headers.writeUInt16LE(PROGRAM_HEADER_BYTES, 54); // e_phentsize
  headers.writeUInt16LE(1, 56); // e_phnum
  const segment = headers.subarray(ELF_HEADER_BYTES);
  segment.writeUInt32LE(1, 0); // p_type: PT_LOAD
  segment.writeUInt32LE(5, 4); // p_flags: PF_R | PF_X
  segment.writeBigUInt64LE(BigInt(LOAD_ADDRESS), 16); // p_vaddr
  segment.writeBigUInt64LE(BigInt(LOAD_ADDRESS), 24); // p_paddr
  segment.writeBigUInt64LE(BigInt(fileBytes), 32); // p_filesz
  segment.writeBigUInt64LE(BigInt(fileBytes), 40); // p_memsz
  segment.writeBigUInt64LE(0x1000n, 48); // p_align
  return Buffer.concat([headers, code]);
}
