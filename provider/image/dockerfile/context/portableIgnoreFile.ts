/**
 * The ignore file for podman and buildah, whose matcher (containers/storage, `pkg/fileutils`) differs from docker's and BuildKit's:
 * `+`, `(` and `)` are special to it, it does not look for exceptions with wildcards below an ignored folder, and it reads `**`
 * within a name as one star (seen with 1.28). So patterns are written without what it reads differently, or as a list of what is
 * ignored.
 */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import type { IgnorePattern } from "./ignoreFile";
import { type FolderMatches, decideIgnored, maySkipFolder } from "./ignoreMatcher";

/** The content of an ignore file that ignores the same files of this context. */
export async function toPortableIgnoreFile(contextFolder: string, patterns: readonly IgnorePattern[]): Promise<string> {
  if (patterns.some(isReadDifferently)) {
    const { ignored } = await listIgnored(contextFolder, patterns, "", undefined);
    return ignored.map((entry) => `/${entry.replace(/[^\p{L}\p{N}/_-]/gu, escapeCharacter)}\n`).join("");
  }
  return patterns
    .map(
      ({ isException, text }) => `${isException ? "!" : ""}/${text.replace(/\\.|\[[^\]]*\]|[+()]/g, escapeSpecial)}\n`,
    )
    .join("");
}

const isReadDifferently = ({ isException, text }: IgnorePattern): boolean =>
  (isException && /[*?[\\]/.test(text)) || /[^/]\*\*|\*\*[^/]/.test(text);

/** Leaves escaped characters and classes as they are. */
const escapeSpecial = (part: string): string => (/^[+()]$/.test(part) ? `\\${part}` : part);

/** White space at the end of a line would be lost, and a line end would end the pattern. */
const escapeCharacter = (character: string): string => (/\s/.test(character) ? "?" : `\\${character}`);

/** The ignored entries of a folder, without those below an entry that is listed itself. */
async function listIgnored(
  contextFolder: string,
  patterns: readonly IgnorePattern[],
  inner: string,
  matches: FolderMatches | undefined,
): Promise<{ readonly ignored: readonly string[]; readonly hasKept: boolean }> {
  const ignored: string[] = [];
  let hasKept = false;
  for (const entry of await fs.readdir(path.join(contextFolder, inner), { withFileTypes: true })) {
    const child = inner === "" ? entry.name : `${inner}/${entry.name}`;
    const decision = decideIgnored(patterns, child, matches);
    const isWhole = !entry.isDirectory() || (decision.isIgnored && maySkipFolder(patterns, child));
    const below = isWhole
      ? { ignored: [], hasKept: false }
      : await listIgnored(contextFolder, patterns, child, decision.matches);
    if (decision.isIgnored && !below.hasKept) ignored.push(child);
    else {
      ignored.push(...below.ignored);
      hasKept = true;
    }
  }
  return { ignored, hasKept };
}
