/** Work on disks that is under way: a VM waits for it before it starts, and nobody removes such a disk. */
export class DiskJobs {
  readonly #inProgress = new Map<string, Set<Promise<unknown>>>();

  /** True while a disk is being copied, grown or looked after. */
  isBusy(volumeUuid: string): boolean {
    return this.#inProgress.has(volumeUuid);
  }

  /** Works on a disk. Several works at once are for those that only read. */
  async run<T>(volumeUuid: string, work: () => Promise<T>): Promise<T> {
    const working = work();
    const all = this.#inProgress.get(volumeUuid) ?? new Set();
    this.#inProgress.set(volumeUuid, all.add(working));
    try {
      return await working;
    } finally {
      all.delete(working);
      if (all.size === 0) this.#inProgress.delete(volumeUuid);
    }
  }

  /** Resolves when everything that is under way now has ended, however. */
  async waitFor(volumeUuids: readonly string[]): Promise<void> {
    await Promise.allSettled(volumeUuids.flatMap((uuid) => [...(this.#inProgress.get(uuid) ?? [])]));
  }
}
