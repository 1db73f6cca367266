/** Work on disks that is under way: a VM waits for it before it starts, and nobody removes such a disk. */
export class DiskWork {
  readonly #underWay = new Map<string, Set<Promise<unknown>>>();

  /** True while a disk is being copied, grown or looked after. */
  isBusy(volumeUuid: string): boolean {
    return this.#underWay.has(volumeUuid);
  }

  /** Works on a disk. Several works at once are for those that only read. */
  async on<T>(volumeUuid: string, work: () => Promise<T>): Promise<T> {
    const working = work();
    const all = this.#underWay.get(volumeUuid) ?? new Set();
    this.#underWay.set(volumeUuid, all.add(working));
    try {
      return await working;
    } finally {
      all.delete(working);
      if (all.size === 0) this.#underWay.delete(volumeUuid);
    }
  }

  /** Resolves when everything that is under way now has ended, however. */
  async ended(volumeUuids: readonly string[]): Promise<void> {
    await Promise.allSettled(volumeUuids.flatMap((uuid) => [...(this.#underWay.get(uuid) ?? [])]));
  }
}
