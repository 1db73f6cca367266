/** The repository's Markdown as tests read it: pages, code blocks, headings and links. */
import * as fs from "node:fs";
import * as path from "node:path";

const root = path.resolve(__dirname, "../..");

/** A Markdown file of the repository. */
export interface MarkdownPage {
  /** Path in the repository, such as `docs/how-to/ci.md`. */
  readonly file: string;
  readonly text: string;
}

/** A fenced code block. */
export interface CodeBlock {
  readonly language: string;
  readonly code: string;
}

const SKIPPED_FOLDERS: readonly string[] = [
  "node_modules",
  "dist",
  ".git",
  ".cache",
  ".pulumi",
  "fixtures",
  "coverage",
];

function filesBelow(folder: string): readonly string[] {
  return fs.readdirSync(path.join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const file = path.posix.join(folder, entry.name);
    if (entry.isDirectory()) return SKIPPED_FOLDERS.includes(entry.name) ? [] : filesBelow(file);
    return file.endsWith(".md") ? [file] : [];
  });
}

/** The published pages. Sources of generated pages are excluded: their links are valid on the generated pages only. */
export const markdownPages = (): readonly MarkdownPage[] =>
  filesBelow("")
    .filter((file) => !file.startsWith("scripts/generate/"))
    .map((file) => ({ file, text: fs.readFileSync(path.join(root, file), "utf8") }));

/** The page of a path. */
export function markdownPage(file: string): MarkdownPage {
  return { file, text: fs.readFileSync(path.join(root, file), "utf8") };
}

/** The code blocks of a page, those of list items included. */
export const codeBlocks = ({ text }: MarkdownPage): readonly CodeBlock[] =>
  [...text.matchAll(/^( *)```(\w+)[^\n]*\n(.*?)^\1```$/gms)].map(([, indent = "", language = "", code = ""]) => ({
    language,
    code: code.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
  }));

/** A page without its code, in which neither links nor headings count. */
const prose = ({ text }: MarkdownPage): string =>
  text.replaceAll(/^( *)```.*?^\1```$/gms, "").replaceAll(/`[^`\n]*`/g, (span) => span.replaceAll(/[[\]]/g, ""));

/** The anchors that a page's headings have on GitHub. */
export function anchors(page: MarkdownPage): readonly string[] {
  const seen = new Map<string, number>();
  return [...prose(page).matchAll(/^#{1,6} +(.*)$/gm)].map(([, heading = ""]) => {
    const slug = heading
      .replaceAll(/[`*]/g, "")
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
      .trim()
      .replaceAll(" ", "-");
    const count = seen.get(slug) ?? 0;
    seen.set(slug, count + 1);
    return count === 0 ? slug : `${slug}-${count}`;
  });
}

/** Targets of a page's links and pictures. */
export const linkTargets = (page: MarkdownPage): readonly string[] =>
  [...prose(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target);
