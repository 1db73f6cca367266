/** Variables from a `.env` file, as secrets. */
import * as fs from "node:fs";
import * as path from "node:path";
import { parseEnv } from "node:util";
import * as pulumi from "@pulumi/pulumi";

/** A larger file is none with variables. */
const MAX_BYTES = 1024 * 1024;

const ASSIGNMENT = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_.-]*)\s*=[^\S\n]*/;
const NOTHING = /^\s*(?:#.*)?$/;

/**
 * Loads the variables of a `.env` file. Each value is a secret: encrypted in state and hidden in output.
 *
 * The syntax is that of Node's `util.parseEnv`: `NAME=value`, an optional `export`, comments after `#`, and values in single quotes,
 * double quotes (where `\n` is a line break) or backticks, which may span lines. The last of two equal names counts. Variables in
 * values are not expanded.
 *
 * Throws a `RunError` with `INPUT_INVALID`, the file, and the line where the syntax is wrong; never with a value.
 *
 * @param file path of the file, relative to the program
 */
export function dotenv(file: string): Readonly<Record<string, pulumi.Output<string>>> {
  const read = readText(file);
  if ("problem" in read) throw problem(file, undefined, read.problem);
  return Object.fromEntries(
    assignmentsIn(file, read.text).map(({ name, text }) => [name, pulumi.secret(parseEnv(text)[name] ?? "")] as const),
  );
}

/** The text of a file, or why it cannot be read, as a clause that says what to do. */
type ReadText = { readonly text: string } | { readonly problem: string; readonly isMissing: boolean };

/**
 * Reads a file of at most 1 MiB.
 *
 * @internal
 */
export function readText(file: string): ReadText {
  const failed = (problem: string, isMissing = false): ReadText => ({ problem, isMissing });
  let descriptor: number | undefined;
  try {
    // A FIFO would block until somebody writes to it.
    descriptor = fs.openSync(file, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
    const stat = fs.fstatSync(descriptor);
    if (!stat.isFile()) return failed("it is not a file");
    if (stat.size > MAX_BYTES) return failed("it is larger than 1 MiB");
    const text = decode(fs.readFileSync(descriptor));
    return text === undefined ? failed("it is not UTF-8; save it as UTF-8") : { text: text.replaceAll("\r\n", "\n") };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unknown error";
    return code === "ENOENT"
      ? failed("it does not exist; create it, or correct the path", true)
      : failed(`it cannot be read (${code})`);
  } finally {
    if (descriptor !== undefined) fs.closeSync(descriptor);
  }
}

/** The text without its byte order mark; `undefined` for any other encoding. UTF-16 has zero bytes, which no text in UTF-8 has. */
function decode(bytes: Uint8Array): string | undefined {
  try {
    return bytes.includes(0) ? undefined : new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** One variable, as text for `parseEnv`. */
interface Assignment {
  readonly name: string;
  readonly text: string;
}

/** Splits a file into assignments, and throws for what `parseEnv` would skip, cut off or misread without a word. */
function assignmentsIn(file: string, text: string): readonly Assignment[] {
  const lines = text.split("\n");
  const found: Assignment[] = [];
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index] ?? "";
    if (NOTHING.test(line)) continue;
    const fail = (what: string, at = index): never => {
      throw problem(file, at + 1, what);
    };
    const [start = "", name = ""] = ASSIGNMENT.exec(line) ?? fail("this is not NAME=value");
    if (name === "__proto__") fail("a variable cannot have this name");
    let value = line.slice(start.length).trimEnd();
    const quote = value.charAt(0);
    if (quote !== "" && "\"'`".includes(quote)) {
      const opened = index;
      let end = value.indexOf(quote, 1);
      while (end < 0) {
        index += 1;
        if (index === lines.length) fail("the quote at the start of the value is not closed", opened);
        value += `\n${lines[index] ?? ""}`;
        end = value.indexOf(quote, 1);
      }
      if (!NOTHING.test(value.slice(end + 1))) fail("there is text after the closing quote; use another kind of quote");
    } else if (/\S#/.test(value.replace(/\s#.*$/, "")))
      fail("# starts a comment; put the value in quotes if it contains one");
    found.push({ name, text: `${name}=${value}` });
  }
  return found;
}

const problem = (file: string, line: number | undefined, what: string): pulumi.RunError =>
  new pulumi.RunError(
    line === undefined
      ? `INPUT_INVALID: The variables of '${path.resolve(file)}' cannot be loaded: ${what}.`
      : `INPUT_INVALID: ${file}:${line}: ${what}.`,
  );
