/** The bytes by which the stand-in guest runs a command. The protocol is described in `provider/image/runtime/execScript.ts`. */
import { UnikernelError } from "../../../../base/errors";
import { LINUX_VALUE_BYTES } from "../../../../image/kernel/guestRules";
import { quoteForLinux } from "../boot/commandLine";

/** Most bytes of a command's arguments, as they are sent: a shell reads them one by one. */
const MAX_COMMAND_BYTES = 256 * 1024;
/** Bytes of input that are sent at once. */
const INPUT_CHUNK_BYTES = 32 * 1024;

/** The line on the control port that makes the guest listen at this pair of ports. It ends a command that was cut off. */
export const encodeExecLine = (pair: number, nonce: string): string => `\nexec ${pair} ${nonce}\n`;

/** The command. Throws `INPUT_INVALID` with the position of the argument that no program can get, never its value. */
export function encodeCommand(nonce: string, args: readonly string[]): string {
  const invalid = (message: string, hint: string) =>
    new UnikernelError("INPUT_INVALID", message, { property: "args", hint });
  const [program = ""] = args;
  if (program === "" || program.includes("="))
    throw invalid("The command is empty or contains '='.", "Give the name or the path of a program without '='.");
  for (const [index, value] of args.entries()) {
    if (value.includes("\0")) throw invalid(`Argument ${index} of the command contains a NUL character.`, "Remove it.");
    if (/\p{Cs}/u.test(value))
      throw invalid(`Argument ${index} of the command is not valid Unicode.`, "Send it through the standard input.");
    if (Buffer.byteLength(value) > LINUX_VALUE_BYTES)
      throw invalid(
        `Argument ${index} of the command is longer than ${LINUX_VALUE_BYTES} bytes.`,
        "Send it through the standard input.",
      );
  }
  const line = `${nonce} ${args.map(quoteForLinux).join(" ")}\n`;
  if (line.length > MAX_COMMAND_BYTES)
    throw invalid(
      `The arguments of the command are longer than ${MAX_COMMAND_BYTES} bytes.`,
      "Send them through the standard input.",
    );
  return line;
}

/** The input of a command, piece by piece, with its end. */
export function* encodeInput(stdin: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < stdin.length; at += INPUT_CHUNK_BYTES) {
    const bytes = stdin.subarray(at, at + INPUT_CHUNK_BYTES);
    yield Buffer.concat([Buffer.from(`${bytes.length}\n`), bytes]);
  }
  yield Buffer.from("0\n");
}

/** What a piece of a port's bytes contains. */
export interface OutputPiece {
  /** Bytes of the command; empty if there are none yet. */
  readonly bytes: Uint8Array;
  /** The exit code, with the last piece. */
  readonly exitCode: number | undefined;
}

/** Finds the output of one command in the bytes of a port. */
export class OutputReader {
  readonly #begin: Buffer;
  readonly #nonce: string;
  readonly #endBytes: number;
  #rest: Buffer = Buffer.alloc(0);
  #hasBegun = false;

  constructor(nonce: string) {
    this.#nonce = nonce;
    this.#begin = Buffer.from(`${nonce}\n`);
    this.#endBytes = `${nonce}=000\n`.length;
  }

  /** True once the guest has begun with the command. */
  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** Takes the next bytes of the port. Keeps only those at the end that may be the beginning of the output's end. */
  read(bytes: Uint8Array): OutputPiece {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    if (!this.#hasBegun) {
      const at = this.#rest.indexOf(this.#begin);
      this.#hasBegun = at >= 0;
      this.#rest = at >= 0 ? this.#rest.subarray(at + this.#begin.length) : this.#rest.subarray(-this.#begin.length);
      if (at < 0) return { bytes: Buffer.alloc(0), exitCode: undefined };
    }
    let keptFrom = Math.max(0, this.#rest.length - this.#endBytes);
    while (keptFrom < this.#rest.length && !this.#mayBeEnd(this.#rest.toString("latin1", keptFrom))) keptFrom++;
    const [complete, kept] = [this.#rest.subarray(0, keptFrom), this.#rest.subarray(keptFrom)];
    this.#rest = kept;
    const end = /^([0-9a-f]+)=(\d{3})\n$/.exec(kept.toString("latin1"));
    return { bytes: complete, exitCode: end?.[1] === this.#nonce ? Number(end[2]) : undefined };
  }

  #mayBeEnd(text: string): boolean {
    const mark = `${this.#nonce}=`;
    return text.length <= mark.length
      ? mark.startsWith(text)
      : /^\d{1,3}\n?$/.test(text.slice(mark.length)) && text.startsWith(mark);
  }
}
