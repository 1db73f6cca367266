/** Sessions of documentation pages: commands after `$ ` and what they print, which tests run word by word. */
import { execFile } from "node:child_process";
import { type MarkdownPage, codeBlocks } from "./markdown";

/** A command of a page. */
export interface SessionCommand {
  readonly command: string;
  /** Lines of its output that the page shows, in their order; the page may leave out others. */
  readonly shown: readonly string[];
}

/** The commands of each `console` block of a page. A line with only `…` stands for lines that are left out. */
export const sessionsOf = (page: MarkdownPage): readonly (readonly SessionCommand[])[] =>
  codeBlocks(page)
    .filter(({ language }) => language === "console")
    .map(({ code }) =>
      code
        .split(/^\$ /m)
        .slice(1)
        .map((text) => {
          const [command = "", ...lines] = text.split("\n");
          return { command, shown: lines.filter((line) => line.trim() !== "" && line !== "…") };
        }),
    );

const SEPARATOR = "=== next command ===";

/**
 * Runs the commands one after the other in one shell, so that later ones find the variables and background jobs of earlier ones. Returns what
 * each has printed.
 *
 * @param preamble shell lines before the first command, such as functions in place of programs
 */
export async function runSession(
  commands: readonly SessionCommand[],
  { preamble, cwd, timeoutMs }: { readonly preamble: string; readonly cwd: string; readonly timeoutMs: number },
): Promise<readonly string[]> {
  const script = [preamble, ...commands.flatMap(({ command }) => [`echo '${SEPARATOR}'`, command])].join("\n");
  const output = await new Promise<string>((resolve, reject) => {
    const options = { cwd, timeout: timeoutMs, env: { ...process.env, NO_COLOR: "1" } };
    const child = execFile("bash", ["-c", `exec 2>&1\n${script}`], options, (error, stdout) =>
      error?.killed === true ? reject(new Error(`The session did not end in ${timeoutMs} ms:\n${stdout}`)) : resolve(stdout),
    ); // prettier-ignore
    child.stdin?.end();
  });
  return output.split(`${SEPARATOR}\n`).slice(1);
}

/** Lines that the page shows and that were not printed, in their order and apart from numbers, durations, addresses and paths. */
export function missingLines({ shown }: SessionCommand, output: string): readonly string[] {
  const printed = output.split("\n").map(normalise);
  let from = 0;
  return shown.filter((line) => {
    const at = printed.indexOf(normalise(line), from);
    if (at >= 0) from = at + 1;
    return at < 0;
  });
}

const normalise = (line: string): string =>
  line
    .replaceAll(/0x[0-9a-f]+|\b[0-9a-f]{12,}\b/g, "ADDRESS")
    .replaceAll(/(?<=target remote )[^']*/g, "PATH")
    .replaceAll(/\d+(\.\d+)?/g, "N")
    .replaceAll(/\s+/g, " ")
    .trim();
