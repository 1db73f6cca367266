/** `unikernel local exec` */
import * as http from "node:http";
import { parseArguments } from "../../../base/commandLineOptions";
import { UnikernelError, errorMessage } from "../../../base/errors";
import {
  COMMAND_PATH,
  commandEvent,
  type CommandRequest,
  MAX_COMMAND_MS,
  MAX_STDIN_BYTES,
} from "../../../contract/commandStream";
import type { LocalDaemon } from "../../../client/localDaemon";
import { type CommandResult, ExitCode } from "../../command";
import { withInterruptSignal, writeOutput } from "../../terminal/stream";
import { connectLocal } from "../client";
import { selectByWords } from "./select";

const USAGE = "Write 'npx unikernel local exec <instance> -- <command> [argument]…'.";

/** What the words of the command line ask for. */
export interface ExecArguments {
  readonly instance: string;
  /** The program and its arguments, as they are. */
  readonly command: readonly string[];
  /** The command reads the standard input of this program. */
  readonly sendsStdin: boolean;
  /** `undefined`: no limit. */
  readonly timeoutMs: number | undefined;
}

/** Everything after the first `--` is the command. Throws `INPUT_INVALID`. Pure. */
export function parseExecArguments(args: readonly string[]): ExecArguments {
  const invalid = (message: string) => new UnikernelError("INPUT_INVALID", message, { hint: USAGE });
  const at = args.indexOf("--");
  if (at < 0) throw invalid("There is no '--' before the command.");
  const known = { stdin: "switch", timeout: "list" } as const;
  const { operands, options } = parseArguments(args.slice(0, at), known, { stdin: "i" });
  const [instance, ...others] = operands;
  if (instance === undefined || others.length > 0)
    throw invalid(`A command runs in one instance; ${operands.length} were named.`);
  const command = args.slice(at + 1);
  if (command.length === 0) throw invalid("There is no command after '--'.");
  const timeout = options.timeout.at(-1);
  const timeoutMs = timeout === undefined ? undefined : Math.round(Number(timeout) * 1000);
  if (timeoutMs !== undefined && !(timeoutMs >= 1 && timeoutMs <= MAX_COMMAND_MS))
    throw invalid(`'--timeout ${timeout ?? ""}' is not a number of seconds from 0.001 to ${MAX_COMMAND_MS / 1000}.`);
  return { instance, command, sendsStdin: options.stdin, timeoutMs };
}

/** Runs a command in an instance, prints its output as it comes, and exits with its exit code. Ctrl-C kills the command. */
export async function exec(args: readonly string[]): Promise<CommandResult> {
  const { instance, command, sendsStdin, timeoutMs } = parseExecArguments(args);
  const { client, daemon } = await connectLocal();
  const [selected] = selectByWords([instance], (await client.getInstances({})).items, { kind: "instance" });
  const stdin = sendsStdin ? (await readStdin()).toString("base64") : undefined;
  return await withInterruptSignal(async (signal) => {
    try {
      const body = { uuid: selected?.uuid ?? "", args: [...command], stdin, timeout_ms: timeoutMs };
      return { text: "", exitCode: await runInDaemon(daemon, body, signal) };
    } catch (error) {
      if (signal.aborted) return { text: "", exitCode: ExitCode.interrupted };
      throw error;
    }
  });
}

async function readStdin(): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of process.stdin) {
    chunks.push(chunk as Buffer); // stdin without an encoding
    bytes += (chunk as Buffer).length;
    if (bytes > MAX_STDIN_BYTES)
      throw new UnikernelError("INPUT_INVALID", `The input of the command is larger than ${MAX_STDIN_BYTES} bytes.`, {
        hint: "Put it into a volume ('npx unikernel local volume cp'), or send it in parts.",
      });
  }
  return Buffer.concat(chunks);
}

/** Resolves with the exit code. Throws the daemon's error, `DAEMON_FAILED` if it went away, and `ABORT_ERR` once the signal aborts. */
async function runInDaemon({ url, token }: LocalDaemon, body: CommandRequest, signal: AbortSignal): Promise<number> {
  let response: http.IncomingMessage;
  try {
    response = await post(`${url}${COMMAND_PATH}`, token, JSON.stringify(body), signal);
  } catch (cause) {
    throw daemonGone(cause);
  }
  if (response.statusCode !== 200) throw await refusalOf(response);
  try {
    for await (const line of linesOf(response)) {
      const event = commandEvent.parse(JSON.parse(line));
      if ("exit_code" in event) return event.exit_code;
      if ("error" in event) {
        const { code, message } = event.error;
        const hint = code === "WAIT_TIMEOUT" ? "Allow it more time with '--timeout'." : event.error.hint;
        throw new UnikernelError(code, message, hint === undefined ? {} : { hint });
      }
      if ("stdout" in event) await writeOutput(Buffer.from(event.stdout, "base64"));
      else process.stderr.write(Buffer.from(event.stderr, "base64"));
    }
  } catch (error) {
    throw UnikernelError.is(error) ? error : daemonGone(error);
  }
  throw daemonGone(undefined);
}

/** Not with node:readline, which never ends when its input fails. */
async function* linesOf(response: http.IncomingMessage): AsyncGenerator<string> {
  let rest = "";
  for await (const text of response.setEncoding("utf8")) {
    const lines = (rest + String(text)).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}

const daemonGone = (cause: unknown): UnikernelError =>
  new UnikernelError("DAEMON_FAILED", "The local platform ended while the command ran, and the command with it.", {
    hint: "Run it again.",
    cause,
  });

function post(url: string, token: string, body: string, signal: AbortSignal): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    http.request(url, { method: "POST", headers, signal, agent: false }, resolve).on("error", reject).end(body);
  });
}

/** The error of a request that was refused as a whole. */
async function refusalOf(response: http.IncomingMessage): Promise<UnikernelError> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer); // a response without an encoding
  let message = `The local platform answered with status ${response.statusCode ?? 0}`;
  try {
    ({ message } = JSON.parse(Buffer.concat(chunks).toString()) as { message: string });
  } catch (error) {
    message += ` (${errorMessage(error)})`;
  }
  return message.startsWith("No such endpoint") ? tooOld() : new UnikernelError("API_REJECTED", `${message}.`);
}

const tooOld = (): UnikernelError =>
  new UnikernelError("NOT_SUPPORTED", "The local platform that runs is of an earlier release and runs no commands.", {
    hint: "Run 'npx unikernel local down' and 'npx unikernel local up'; VMs go on meanwhile.",
  });
