/** Formats the problems of a Kraftfile: file, line, column, the line itself and a caret. */
import { UnikernelError } from "../../base/errors";
import type { Problem } from "./model";

const MAX_EXCERPT_LENGTH = 120;

/** `KRAFTFILE_INVALID` with all problems in file order; `details.problems` has them in machine-readable form. */
export function kraftfileError(file: string, text: string, problems: readonly Problem[]): UnikernelError {
  const ordered = problems.toSorted((a, b) => a.line - b.line || a.column - b.column);
  return new UnikernelError("KRAFTFILE_INVALID", formatProblems(file, text, ordered).join("\n"), {
    details: { problems: ordered },
  });
}

/** For each problem or warning `Kraftfile:3:1: message`, then the line and a caret below it. */
export function formatProblems(file: string, text: string, problems: readonly Problem[]): string[] {
  const lines = text.split(/\r?\n/);
  return problems.map((problem) => formatProblem(file, lines, problem));
}

function formatProblem(file: string, lines: readonly string[], { line, column, message }: Problem): string {
  const head = `${file}:${line}:${column}: ${message}`;
  const source = lines[line - 1] ?? "";
  if (source.trim() === "" || mayContainEnv(lines, line)) return head;
  const from = Math.max(0, Math.min(column - 1, source.length) - MAX_EXCERPT_LENGTH + 20);
  const excerpt = replaceControlCharacters(source.slice(from, from + MAX_EXCERPT_LENGTH));
  return `${head}\n  ${excerpt}\n  ${" ".repeat(column - 1 - from)}^`;
}

/** Values below `env` may be secret, so such a problem shows its position only. In doubt, no excerpt is shown. */
function mayContainEnv(lines: readonly string[], line: number): boolean {
  const above = lines.slice(0, line);
  if (/\benv["']?[ \t]*:/.test(above.at(-1) ?? "")) return true;
  const section = above.findLast((text) => /^["']?[A-Za-z][\w-]*["']?[ \t]*:/.test(text));
  return section === undefined ? above.some((text) => /\benv\b/.test(text)) : /^["']?env\b/.test(section);
}

/** Control characters would misplace the caret or change the state of a terminal. */
const replaceControlCharacters = (text: string): string => text.replace(/[\p{Cc}\p{Cf}]/gu, " ");
