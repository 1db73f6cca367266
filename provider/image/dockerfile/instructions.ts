/**
 * Splits a Dockerfile into instructions, as far as this package must know them: the builder parses it properly.
 * Source: the Dockerfile reference, "Format", "Parser directives" and "Here-documents".
 */

/** One instruction. */
export interface Instruction {
  /** Upper case, such as `RUN`. */
  readonly keyword: string;
  /** What follows the keyword, continuation lines joined by a space. */
  readonly text: string;
  /** First line, starting at 1. */
  readonly line: number;
  /** The instruction reads here-documents; their content is not part of `text`. */
  readonly hasHeredoc: boolean;
}

/** Instructions that may read here-documents. */
const HEREDOC_KEYWORDS = new Set(["RUN", "COPY", "ADD"]);

/** The instructions of a Dockerfile in their order. */
export function parseInstructions(dockerfile: string): readonly Instruction[] {
  const lines = dockerfile.replace(/^\uFEFF/, "").split(/\r?\n/);
  const escape = escapeCharacter(lines);
  const instructions: Instruction[] = [];
  for (let i = 0; i < lines.length; i += 1) {
    if (isBlankOrComment(lines[i])) continue;
    const line = i + 1;
    const parts: string[] = [];
    for (; i < lines.length; i += 1) {
      if (parts.length > 0 && isBlankOrComment(lines[i])) continue;
      const text = (lines[i] ?? "").trimEnd();
      const isContinued = text.endsWith(escape);
      parts.push((isContinued ? text.slice(0, -1) : text).trim());
      if (!isContinued) break;
    }
    const [, keyword = "", text = ""] = /^(\S+)\s*(.*)$/s.exec(parts.join(" ").trim()) ?? [];
    const ends = HEREDOC_KEYWORDS.has(keyword.toUpperCase()) ? heredocEnds(text) : [];
    for (const { word, isIndented } of ends) {
      do i += 1;
      while (i < lines.length && (isIndented ? lines[i]?.replace(/^\t+/, "") : lines[i]) !== word);
    }
    instructions.push({ keyword: keyword.toUpperCase(), text, line, hasHeredoc: ends.length > 0 });
  }
  return instructions;
}

const isBlankOrComment = (line = ""): boolean => /^\s*(#|$)/.test(line);

/** The parser directive `# escape=` may only stand before everything but other directives. */
function escapeCharacter(lines: readonly string[]): string {
  for (const line of lines) {
    const [, name, value] = /^\s*#\s*(\w+)\s*=\s*(\S+)\s*$/.exec(line) ?? [];
    if (name === undefined) break;
    if (name.toLowerCase() === "escape" && value === "`") return value;
  }
  return "\\";
}

function heredocEnds(text: string): readonly { readonly word: string; readonly isIndented: boolean }[] {
  return [...text.matchAll(/(?:^|\s)\d*<<(-?)(["']?)([^\s<>"']+)\2(?=\s|$)/g)].map(([, dash, , word = ""]) => ({
    word,
    isIndented: dash === "-",
  }));
}

/** The `type` and options of each `RUN --mount=…`. */
function mounts({ keyword, text }: Instruction): readonly ReadonlyMap<string, string>[] {
  if (keyword !== "RUN") return [];
  return [...text.matchAll(/(?:^|\s)--mount=(\S+)/g)].map(
    ([, options = ""]) =>
      new Map(
        options.split(",").map((option) => {
          const [name = "", ...value] = option.split("=");
          return [name.toLowerCase(), value.join("=")] as const;
        }),
      ),
  );
}

/** A secret that an instruction mounts. */
export interface SecretUse {
  readonly id: string;
  readonly line: number;
}

/** The build secrets that a Dockerfile mounts; not those whose id contains a variable. */
export const secretUses = (instructions: readonly Instruction[]): readonly SecretUse[] =>
  instructions.flatMap((instruction) =>
    mounts(instruction)
      .filter((mount) => mount.get("type") === "secret")
      .map((mount) => ({
        id: mount.get("id") ?? (mount.get("target") ?? mount.get("dst") ?? "").replace(/^.*\//, ""),
        line: instruction.line,
      }))
      .filter(({ id }) => id !== "" && !id.includes("$")),
  );
