/**
 * The jobs that are using disks. A VM starts only after the jobs on its disks have ended; a busy disk is not deleted.
 */
export class DiskJobs {
  /** By the volume's UUID. */
  readonly #inProgress = new Map<string, Set<Promise<unknown>>>();

  /** True while a job copies, grows or checks the disk. */
  isBusy(volumeUuid: string): boolean {
    return this.#inProgress.has(volumeUuid);
  }

  /**
   * Runs a job and returns its result. Jobs on one disk run concurrently: start one that writes only if the disk is not
   * busy.
   */
  async run<T>(volumeUuid: string, job: () => Promise<T>): Promise<T> {
    const running = job();
    const all = this.#inProgress.get(volumeUuid) ?? new Set();
    this.#inProgress.set(volumeUuid, all.add(running));
    try {
      return await running;
    } finally {
      all.delete(running);
      if (all.size === 0) this.#inProgress.delete(volumeUuid);
    }
  }

  /** Resolves when every job that runs now on these volumes has ended, whether it succeeded or failed. */
  async waitFor(volumeUuids: readonly string[]): Promise<void> {
    await Promise.allSettled(volumeUuids.flatMap((uuid) => [...(this.#inProgress.get(uuid) ?? [])]));
  }
}
