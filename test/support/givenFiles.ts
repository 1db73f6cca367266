/** Files for image builds. */
import type { GivenFile } from "../../provider/image/build/files/givenFiles";

/** Texts by guest path, with the mode and the owner that files have unless a program says otherwise. */
export const givenTexts = (texts: Readonly<Record<string, string>>): ReadonlyMap<string, GivenFile> =>
  new Map(
    Object.entries(texts).map(([path, text]) => [path, { origin: { text }, mode: 0o644, uid: 0, gid: 0 }] as const),
  );
