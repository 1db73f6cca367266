/**
 * Running a command in an instance of the local platform: `POST /exec` with a JSON object, answered by JSON objects, one a line, as the
 * command writes its output. No part of the cloud's API, which has no such operation. If the client disconnects, the command is killed.
 */
import * as z from "zod";
import { ERRORS, type ErrorCode } from "../base/errorCodes";

/** Where commands are sent. */
export const COMMAND_PATH = "/exec";

/** Largest input of a command in bytes: in Base64, it has to fit in a request. */
export const MAX_STDIN_BYTES = 4 * 1024 * 1024;
/** Longest time limit of a command: one day. */
export const MAX_COMMAND_MS = 24 * 60 * 60 * 1000;

/** The body of a request. */
export const commandRequest = z.strictObject({
  /** The instance. It is woken, and stays awake until the command has ended. */
  uuid: z.uuid(),
  /** The program and its arguments, which the guest gets as they are. May be secret. */
  args: z.array(z.string()).min(1),
  /** What the command reads, in Base64; empty if absent. May be secret. */
  stdin: z.base64().optional(),
  /** The command is killed after this time, with what it takes to wake. Absent: no limit. */
  timeout_ms: z.int().min(1).max(MAX_COMMAND_MS).optional(),
});
/** See {@link commandRequest}. */
export type CommandRequest = z.input<typeof commandRequest>;

const errorCode = z.custom<ErrorCode>((value) => typeof value === "string" && Object.hasOwn(ERRORS, value));

/** A line of the answer. The last one is `exit_code` or `error`. */
export const commandEvent = z.union([
  /** Output in Base64. */
  z.strictObject({ stdout: z.base64() }),
  z.strictObject({ stderr: z.base64() }),
  /** As in shells: 127 if the program was not found, 126 if it cannot be executed, 128 and the number of a signal. */
  z.strictObject({ exit_code: z.int() }),
  /** The command was not run, or did not end by itself. */
  z.strictObject({ error: z.strictObject({ code: errorCode, message: z.string(), hint: z.string().optional() }) }),
]);
/** See {@link commandEvent}. */
export type CommandEvent = z.infer<typeof commandEvent>;
