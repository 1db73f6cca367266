/** Ignore files with what they leave out, written by hand from the documentation of `.dockerignore`; tested against real builders too. */

/** The files of the build context. Every one contains its own path. */
export const CONTEXT_FILES = [
  "!bang",
  "#hash",
  ".env",
  ".git/config",
  "README.md",
  "[x].txt",
  "a+b.txt",
  "a.txt",
  "b.md",
  "build/keep.me",
  "build/out.bin",
  "café.txt",
  "docs/guide.md",
  "docs/img/logo.png",
  "my file.txt",
  "node_modules/x/index.js",
  "src/lib/README.md",
  "src/lib/util.ts",
  "src/main.test.ts",
  "src/main.ts",
] as const;

/** One ignore file. */
export interface IgnoreCase {
  readonly name: string;
  readonly file: string;
  /** Files of {@link CONTEXT_FILES} that are left out. */
  readonly ignored: readonly string[];
}

const below = (folder: string): readonly string[] => CONTEXT_FILES.filter((file) => file.startsWith(`${folder}/`));
const inRoot = CONTEXT_FILES.filter((file) => !file.includes("/"));
const except = (...kept: readonly string[]): readonly string[] => CONTEXT_FILES.filter((file) => !kept.includes(file));

/** Every feature of the format, alone and together. */
export const IGNORE_CASES: readonly IgnoreCase[] = [
  { name: "an empty file", file: "", ignored: [] },
  { name: "comments and empty lines", file: "# a.txt\n\n   \n#b.md\n", ignored: [] },
  { name: "a comment sign after a space is a pattern", file: " #hash", ignored: ["#hash"] },
  { name: "an escaped comment sign", file: "\\#hash", ignored: ["#hash"] },
  { name: "a file", file: "a.txt", ignored: ["a.txt"] },
  { name: "a file without a line end", file: "b.md\na.txt", ignored: ["a.txt", "b.md"] },
  { name: "CRLF line ends", file: "a.txt\r\nb.md\r\n", ignored: ["a.txt", "b.md"] },
  { name: "a byte order mark", file: "\uFEFFa.txt\n", ignored: ["a.txt"] },
  { name: "white space around a pattern", file: "  a.txt\t ", ignored: ["a.txt"] },
  { name: "a space within a pattern", file: "my file.txt", ignored: ["my file.txt"] },
  { name: "a leading slash", file: "/a.txt", ignored: ["a.txt"] },
  { name: "a leading ./", file: "./a.txt", ignored: ["a.txt"] },
  { name: "parts that cancel out", file: "docs/../a.txt", ignored: ["a.txt"] },
  { name: "a path above the context", file: "../a.txt", ignored: [] },
  { name: "a folder", file: "docs", ignored: below("docs") },
  { name: "a folder with a trailing slash", file: "docs/", ignored: below("docs") },
  { name: "a file with a trailing slash", file: "a.txt/", ignored: ["a.txt"] },
  { name: "a folder with leading and trailing slash", file: "/src/lib/", ignored: below("src/lib") },
  { name: "a name matches in the root only", file: "README.md", ignored: ["README.md"] },
  { name: "a name in any folder", file: "**/README.md", ignored: ["README.md", "src/lib/README.md"] },
  { name: "a star", file: "*.md", ignored: ["README.md", "b.md"] },
  { name: "a star does not match a slash", file: "src/*.ts", ignored: ["src/main.test.ts", "src/main.ts"] },
  { name: "a star matches folders", file: "*/lib", ignored: below("src/lib") },
  { name: "a star matches hidden files", file: "*", ignored: [...CONTEXT_FILES] },
  { name: "a folder's content", file: "docs/*", ignored: below("docs") },
  { name: "two stars at the end", file: "src/**", ignored: below("src") },
  { name: "two stars with an ending", file: "**/*.ts", ignored: CONTEXT_FILES.filter((file) => file.endsWith(".ts")) },
  {
    name: "two stars within a name",
    file: "**.md",
    ignored: ["README.md", "b.md", "docs/guide.md", "src/lib/README.md"],
  },
  { name: "two stars in the middle", file: "src/**/util.ts", ignored: ["src/lib/util.ts"] },
  { name: "two stars match no folder too", file: "src/**/main.ts", ignored: ["src/main.ts"] },
  { name: "everything", file: "**", ignored: [...CONTEXT_FILES] },
  { name: "a question mark", file: "?.txt", ignored: ["a.txt"] },
  { name: "question marks for a letter of two bytes", file: "caf?.txt", ignored: ["café.txt"] },
  { name: "a question mark does not match a slash", file: "docs?guide.md", ignored: [] },
  { name: "a character class", file: "[ab].*", ignored: ["a.txt", "b.md"] },
  { name: "a range", file: "[a-c].md", ignored: ["b.md"] },
  { name: "a negated class", file: "[^a].*", ignored: ["b.md"] },
  { name: "escaped brackets", file: "\\[x\\].txt", ignored: ["[x].txt"] },
  { name: "a plus sign and a dot are literal", file: "a+b.txt\na?b_txt", ignored: ["a+b.txt"] },
  { name: "an escaped exclamation mark", file: "\\!bang", ignored: ["!bang"] },
  { name: "an exception", file: "*.md\n!README.md", ignored: ["b.md"] },
  { name: "the last match wins", file: "!README.md\n*.md", ignored: ["README.md", "b.md"] },
  { name: "an exception of an exception", file: "*.md\n!*.md\nb.md", ignored: ["b.md"] },
  { name: "an exception with spaces and a slash", file: "*.md\n! /README.md", ignored: ["b.md"] },
  { name: "a file in an ignored folder", file: "build\n!build/keep.me", ignored: ["build/out.bin"] },
  { name: "a file in an ignored content", file: "build/*\n!build/keep.me", ignored: ["build/out.bin"] },
  { name: "only what is listed", file: "*\n!src\n!a.txt", ignored: except("a.txt", ...below("src")) },
  { name: "only a folder below", file: "**\n!src/lib/", ignored: except(...below("src/lib")) },
  {
    name: "an exception with two stars",
    file: "*\n!**/*.md",
    ignored: CONTEXT_FILES.filter((f) => !f.endsWith(".md")),
  },
  {
    name: "a folder again, but not its tests",
    file: "*\n!src\n**/*.test.ts",
    ignored: except(...below("src").filter((file) => !file.endsWith(".test.ts"))),
  },
  { name: "all files of the root", file: "*\n!*/**", ignored: inRoot },
  {
    name: "a usual project",
    file: "# dependencies\nnode_modules\n.git\n.env*\n*.md\n!README.md\nbuild/\n",
    ignored: [".env", ".git/config", "b.md", ...below("build"), ...below("node_modules")],
  },
];
