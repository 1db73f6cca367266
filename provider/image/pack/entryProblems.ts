/** What a format of root file systems cannot store. */
import { UnikernelError } from "../../base/errors";
import type { PathEntry } from "../rootfs/completeTree";

/** Throws `CONTEXT_INVALID` that lists all problems: sentences with the path. */
export function assertEntries(rows: readonly PathEntry[], findProblem: (row: PathEntry) => string | undefined): void {
  const problems: string[] = [];
  for (const row of rows) {
    const problem = findProblem(row);
    if (problem !== undefined) problems.push(problem);
  }
  if (problems.length > 0) throw new UnikernelError("CONTEXT_INVALID", problems.join("\n"), { property: "context" });
}

/** True if the text has more than `maxBytes` bytes in UTF-8, of which a UTF-16 unit has at most three. */
export const isLonger = (text: string, maxBytes: number): boolean =>
  text.length * 3 > maxBytes && Buffer.byteLength(text) > maxBytes;
