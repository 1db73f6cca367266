/** Keeps the runtimes that were pulled within a limit. */
import type { Layout } from "../oci/layout";
import type { StoredImage } from "../oci/storedImage";

/** Limit of all pulled runtimes together; one takes 2 to 50 MiB. */
const MAX_RUNTIMES_BYTES = 4 * 2 ** 30;

/** Removes runtimes, those pulled first before others, until the rest fits. Keeps the one that was pulled last. */
export async function limitRuntimes(
  layout: Layout,
  pulled: Pick<StoredImage, "digest">,
  maxBytes = MAX_RUNTIMES_BYTES,
): Promise<void> {
  const images = await layout.list();
  let left = images.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const createdMs = ({ createdAt }: StoredImage): number => Date.parse(createdAt ?? "") || 0;
  const removed = new Set<string>();
  for (const { repository } of images.toSorted((a, b) => createdMs(a) - createdMs(b))) {
    if (left <= maxBytes) return;
    if (removed.has(repository)) continue;
    removed.add(repository);
    await layout.remove(repository, (digest) => digest === pulled.digest);
    left -= images
      .filter((image) => image.repository === repository && image.digest !== pulled.digest)
      .reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  }
}
