/** `POST /exec`: runs a command in an instance, and sends its output as it comes. */
import { once } from "node:events";
import type * as http from "node:http";
import { UnikernelError } from "../../../base/errors";
import { withTimeout } from "../../../base/timeout";
import { COMMAND_PATH, type CommandEvent, commandRequest, MAX_STDIN_BYTES } from "../../../contract/commandStream";
import { ApiItemError, RequestError } from "../../errors";
import { runCommand, toCommandError } from "../../instances/commands/runCommand";
import type { Instance } from "../../instances/instance";
import { findInstance } from "../../lookup";
import type { Registry } from "../../registry";
import { type Endpoint, pathOf } from "./endpoint";
import { parseJson } from "../parse/json";
import { discardBody, readBody } from "../parse/readBody";
import { parseWithModel } from "../parse/readArguments";
import { sendError } from "../response";

/** A command that was asked for. */
interface RequestedCommand {
  readonly instance: Instance;
  readonly args: readonly string[];
  readonly stdin: Uint8Array;
  /** `Infinity`: no limit. */
  readonly timeoutMs: number;
}

/**
 * Runs commands for whoever has the token.
 *
 * @param isAuthorized true if an `Authorization` header contains the token
 */
export const commandEndpoint = (
  registry: Registry,
  isAuthorized: (header: string | undefined) => boolean,
): Endpoint => ({
  root: COMMAND_PATH,
  handle: async (request, response, gone) => {
    const startedAtMs = performance.now();
    let command: RequestedCommand;
    try {
      if (!isAuthorized(request.headers.authorization)) throw new RequestError(401, "Invalid or missing token");
      command = await parseCommand(registry, request);
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      sendError(response, error, startedAtMs);
      return discardBody(request);
    }
    await runAndSend(registry, command, response, gone);
  },
});

/** Throws {@link RequestError}. */
async function parseCommand(registry: Registry, request: http.IncomingMessage): Promise<RequestedCommand> {
  const { method = "" } = request;
  if (pathOf(request) !== COMMAND_PATH) throw new RequestError(404, `No such endpoint: ${method} ${pathOf(request)}`);
  if (method !== "POST")
    throw new RequestError(405, `Method ${method} is not allowed for ${COMMAND_PATH}`, "WrongMethod", ["POST"]);
  const body = parseWithModel(commandRequest, parseJson(await readBody(request)), "the command");
  const stdin = Buffer.from(body.stdin ?? "", "base64");
  if (stdin.length > MAX_STDIN_BYTES)
    throw new RequestError(413, `The input of the command is larger than ${MAX_STDIN_BYTES} bytes`);
  try {
    return {
      instance: findInstance(registry, { uuid: body.uuid }),
      args: body.args,
      stdin,
      timeoutMs: body.timeout_ms ?? Infinity,
    };
  } catch (error) {
    throw error instanceof ApiItemError ? new RequestError(404, error.message, error.itemCode) : error;
  }
}

async function runAndSend(
  registry: Registry,
  { instance, args, stdin, timeoutMs }: RequestedCommand,
  response: http.ServerResponse,
  gone: AbortSignal,
): Promise<void> {
  const { log } = registry.parts;
  const { uuid, name } = instance.record;
  response.writeHead(200, { "content-type": "application/x-ndjson", "cache-control": "no-store" });
  response.flushHeaders();
  log.write("command.began", { uuid, name });
  const run = async (signal: AbortSignal): Promise<number> => {
    const write = (output: "stdout" | "stderr", bytes: Uint8Array): Promise<void> => {
      const text = Buffer.from(bytes).toString("base64");
      return send(response, output === "stdout" ? { stdout: text } : { stderr: text }, signal);
    };
    return runCommand(registry, instance, { args, stdin, signal, write });
  };
  try {
    const exitCode = await withTimeout(timeoutMs, gone, run, () => timeoutError(timeoutMs));
    log.write("command.ended", { uuid, name, exitCode });
    response.write(toLine({ exit_code: exitCode }));
  } catch (error) {
    if (gone.aborted) return log.write("command.killed", { uuid, name });
    const { code, message, hint } = toCommandError(error, log);
    log.write("command.failed", { uuid, name, reason: message });
    response.write(toLine({ error: { code, message, ...(hint === undefined ? {} : { hint }) } }));
  } finally {
    response.end();
  }
}

const toLine = (event: CommandEvent): string => `${JSON.stringify(event)}\n`;

/** Sends an event, and waits while the client is slower. An aborted signal ends the wait: the command ends for the same reason. */
async function send(response: http.ServerResponse, event: CommandEvent, signal: AbortSignal): Promise<void> {
  if (response.destroyed || response.write(toLine(event))) return;
  await once(response, "drain", { signal }).catch(() => undefined);
}

const timeoutError = (ms: number): UnikernelError =>
  new UnikernelError("WAIT_TIMEOUT", `The command did not end within ${ms / 1000} s and was killed.`, {
    hint: "Allow it more time.",
  });
