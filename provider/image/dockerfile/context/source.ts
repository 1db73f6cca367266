/** Finds the files that a Dockerfile build reads: the Dockerfile and its ignore file. */
import * as path from "node:path";
import { UnikernelError, errorMessage, hasErrorCode } from "../../../base/errors";
import { type Instruction, parseInstructions } from "../instructions";
import { type IgnorePattern, parseIgnoreFile } from "./ignoreFile";
import { readRegularFile } from "./readRegularFile";

const MAX_DOCKERFILE_BYTES = 4 * 2 ** 20;

/** A Dockerfile and what belongs to it. */
export interface DockerfileSource {
  /** Absolute path of the build context. */
  readonly contextFolder: string;
  /** Absolute path of the Dockerfile, which may be outside the context. */
  readonly file: string;
  /** As the user wrote it, for messages. */
  readonly displayName: string;
  readonly content: Uint8Array;
  readonly instructions: readonly Instruction[];
  /** Of the ignore file; empty if there is none. */
  readonly ignorePatterns: readonly IgnorePattern[];
}

/**
 * Reads a Dockerfile and its ignore file: `<Dockerfile>.dockerignore` beside it, else `.dockerignore` in the context.
 * Throws `CONTEXT_INVALID` if one cannot be read or the ignore file has a malformed pattern.
 *
 * @param contextFolder absolute path
 * @param dockerfile relative to the context
 */
export async function readDockerfileSource(contextFolder: string, dockerfile: string): Promise<DockerfileSource> {
  const file = path.resolve(contextFolder, dockerfile);
  let content: Uint8Array;
  try {
    content = await readRegularFile(file, MAX_DOCKERFILE_BYTES);
  } catch (cause) {
    throw new UnikernelError(
      "CONTEXT_INVALID",
      `The Dockerfile '${dockerfile}' cannot be read: ${errorMessage(cause)}.`,
      {
        property: "context",
        cause,
      },
    );
  }
  const instructions = parseInstructions(Buffer.from(content).toString("utf8"));
  const ignorePatterns = await readIgnoreFile([`${file}.dockerignore`, path.join(contextFolder, ".dockerignore")]);
  return {
    contextFolder,
    file,
    displayName: dockerfile,
    content,
    instructions,
    ignorePatterns,
  };
}

async function readIgnoreFile(candidates: readonly string[]): Promise<readonly IgnorePattern[]> {
  for (const file of candidates) {
    let text: string;
    try {
      text = Buffer.from(await readRegularFile(file, MAX_DOCKERFILE_BYTES)).toString("utf8");
    } catch (cause) {
      if (hasErrorCode(cause, "ENOENT")) continue;
      throw new UnikernelError("CONTEXT_INVALID", `'${file}' cannot be read: ${errorMessage(cause)}.`, {
        property: "context",
        cause,
      });
    }
    const { patterns, problems } = parseIgnoreFile(text);
    if (problems.length === 0) return patterns;
    const list = problems.map(({ line, message }) => `${path.basename(file)}:${line}: ${message}`);
    throw new UnikernelError("CONTEXT_INVALID", list.join("\n"), {
      property: "context",
      hint: "See https://docs.docker.com/build/concepts/context/#dockerignore-files.",
    });
  }
  return [];
}
