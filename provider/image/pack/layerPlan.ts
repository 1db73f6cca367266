/** Wraps an archive in a layer: an uncompressed tar with one file, byte for byte as {@link ../oci/layer} writes it. */
import type { ArchivePlan } from "./archivePlan";
import { paddingBytes } from "./archivePlan";

const TAR_BLOCK_BYTES = 512;
/** Two blocks of zeros end a tar. */
const END_BYTES = 2 * TAR_BLOCK_BYTES;
/** Largest size in 11 octal digits; larger ones are in base 256. */
const MAX_OCTAL_SIZE = 8 ** 11 - 1;

/**
 * Plans the layer that holds the archive as `entry`, a name of up to 100 ASCII characters. So an archive is packed, hashed and wrapped
 * in one pass.
 */
export function planLayer(archive: ArchivePlan, entry: string): ArchivePlan {
  const padding = paddingBytes(archive.sizeBytes, TAR_BLOCK_BYTES);
  return {
    sizeBytes: TAR_BLOCK_BYTES + archive.sizeBytes + padding + END_BYTES,
    *parts() {
      yield encodeTarHeader(entry, archive.sizeBytes);
      yield* archive.parts();
      yield padding + END_BYTES;
    },
  };
}

const octal = (value: number, digits: number): string => `${value.toString(8).padStart(digits, "0")} `;

/** A ustar header of a regular file with mode 0644, owner 0 and time 0. Source: POSIX.1-2017, pax, "ustar Interchange Format". */
function encodeTarHeader(name: string, sizeBytes: number): Buffer {
  const header = Buffer.alloc(TAR_BLOCK_BYTES);
  header.write(name, 0, 100, "latin1");
  header.write(octal(0o644, 6), 100, "latin1");
  header.write(octal(0, 6), 108, "latin1");
  header.write(octal(0, 6), 116, "latin1");
  if (sizeBytes <= MAX_OCTAL_SIZE) header.write(octal(sizeBytes, 11), 124, "latin1");
  else {
    header.writeUInt8(0x80, 124);
    header.writeBigUInt64BE(BigInt(sizeBytes), 128);
  }
  header.write(octal(0, 11), 136, "latin1");
  header.write("0", 156, "latin1");
  header.write("ustar\x0000", 257, "latin1");
  header.write(octal(0, 6), 329, "latin1");
  header.write(octal(0, 6), 337, "latin1");
  header.fill(" ", 148, 156);
  const checksum = header.reduce((sum, byte) => sum + byte, 0);
  header.write(`${octal(checksum, 6)}\0`, 148, "latin1");
  return header;
}
