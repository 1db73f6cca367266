/** The folder on the host that a volume has besides its disk, for guests that mount no ext4. */

/** Path of the folder of a disk `<uuid>.ext4`: `<uuid>.folder` next to it. It exists once such a guest has mounted the volume. */
export const shareFolderOf = (diskFile: string): string => `${diskFile.replace(/\.ext4$/, "")}.folder`;
