/** The sentence by which a preview tells the size of an image before it is built, and its reader. Pure. */

const BYTES_PER_KIB = 1024;
const BYTES_PER_MIB = 1024 * BYTES_PER_KIB;

/** The size of an image, such as `53.3 MiB`; below 1 MiB in KiB. */
export const formatImageSize = (sizeBytes: number): string =>
  sizeBytes < BYTES_PER_MIB
    ? `${(sizeBytes / BYTES_PER_KIB).toFixed(1)} KiB`
    : `${(sizeBytes / BYTES_PER_MIB).toFixed(1)} MiB`;

/** The clause, without a full stop. `unikernel ci comment` reads it with {@link sizeInNote}. */
export const sizeNote = (sizeBytes: number): string => `the image will take ${formatImageSize(sizeBytes)}`;

/** The size in a sentence of {@link sizeNote}, as it is written there; `undefined` if the sentence is another one. */
export const sizeInNote = (sentence: string): string | undefined =>
  /^the image will take (\d+\.\d [KM]iB)\.?$/.exec(sentence)?.[1];
