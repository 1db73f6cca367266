/** `POST /exec`: runs a command in an instance, and sends its output as it comes. */
import { once } from "node:events";
import type * as http from "node:http";
import { UnikernelError } from "../../../base/errors";
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
  /** `undefined`: no limit. */
  readonly timeoutMs: number | undefined;
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
      timeoutMs: body.timeout_ms,
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
  const timeout = new AbortController();
  const timer =
    timeoutMs === undefined ? undefined : setTimeout(() => timeout.abort(timeoutError(timeoutMs)), timeoutMs);
  const signal = AbortSignal.any([gone, timeout.signal]);
  const send = async (event: CommandEvent): Promise<void> => {
    if (gone.aborted || response.write(`${JSON.stringify(event)}\n`)) return;
    await once(response, "drain", { signal }).catch(() => undefined); // the command ends for the same reason
  };
  response.writeHead(200, { "content-type": "application/x-ndjson", "cache-control": "no-store" });
  response.flushHeaders();
  log.write("command.began", { uuid, name });
  try {
    const exitCode = await runCommand(registry, instance, {
      args,
      stdin,
      signal,
      write: (output, bytes) => {
        const text = Buffer.from(bytes).toString("base64");
        return send(output === "stdout" ? { stdout: text } : { stderr: text });
      },
    });
    log.write("command.ended", { uuid, name, exitCode });
    await send({ exit_code: exitCode });
  } catch (error) {
    if (gone.aborted) return log.write("command.killed", { uuid, name });
    const { code, message, hint } = toCommandError(error, log);
    log.write("command.failed", { uuid, name, reason: message });
    await send({ error: { code, message, ...(hint === undefined ? {} : { hint }) } });
  } finally {
    clearTimeout(timer);
    response.end();
  }
}

const timeoutError = (ms: number): UnikernelError =>
  new UnikernelError("WAIT_TIMEOUT", `The command did not end within ${ms / 1000} s and was killed.`, {
    hint: "Allow it more time.",
  });
