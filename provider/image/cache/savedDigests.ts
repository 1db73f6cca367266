/** Digests of the files of an image context that are kept from one operation to the next, so that unchanged files are not read again. */
import * as path from "node:path";
import { digestOf } from "../../base/digest";
import { FileDigests } from "../pack/fileDigests";
import { cacheFile, keepCacheFile, markCacheFileUsed, useCache } from "./cacheFiles";

/** Inputs as of {@link withSavedDigests}. */
const digestsFile = (context: string, kraftfile: string | undefined): string =>
  cacheFile("file-digests", digestOf(JSON.stringify([path.resolve(context), kraftfile ?? null])));

/** Counts the digests of a context as used: a plan of it will need them once it changes. Inputs as of {@link withSavedDigests}. */
export const markDigestsUsed = (context: string, kraftfile: string | undefined): Promise<void> =>
  markCacheFileUsed(digestsFile(context, kraftfile));

/**
 * Runs `work` with the digests that are known, and saves those that it used or added, even if it fails.
 *
 * @param context folder of the Kraftfile, relative to the working directory
 * @param kraftfile as in the inputs of the image
 */
export async function withSavedDigests<T>(
  context: string,
  kraftfile: string | undefined,
  work: (digests: FileDigests) => Promise<T>,
): Promise<T> {
  const file = digestsFile(context, kraftfile);
  const digests = await FileDigests.load(file);
  try {
    return await work(digests);
  } finally {
    await useCache(async () => {
      await digests.save(file);
      await keepCacheFile(file);
    });
  }
}
