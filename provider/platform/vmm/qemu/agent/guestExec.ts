/** Runs commands in the stand-in guest, over pairs of virtio ports. */
import * as crypto from "node:crypto";
import { once } from "node:events";
import * as net from "node:net";
import { hasErrorCode, UnikernelError } from "../../../../base/errors";
import type { GuestCommand } from "../../vmm";
import { COMMAND_PAIRS, commandSocketsOf, type VmFiles } from "../files";
import { encodeCommand, encodeExecLine, encodeInput, OutputReader } from "./execProtocol";

/** How long the guest may take to begin a command: milliseconds, and for the first one also the time to load a driver. */
const BEGIN_TIMEOUT_MS = 20_000;
/** Interval at which the host says which command it is, until the guest has begun with it. */
const GREETING_INTERVAL_MS = 100;

/** What {@link GuestExec} works with. */
export interface GuestExecParts {
  readonly files: Pick<VmFiles, "controlSocket">;
  /** Sends a line to the guest's control port. */
  readonly send: (line: string) => void;
}

/** The commands of one guest. */
export class GuestExec {
  readonly #parts: GuestExecParts;
  /** Pairs of ports without a command. The one that was used last is used again last: its ports become free a moment later. */
  readonly #free = Array.from({ length: COMMAND_PAIRS }, (_, index) => index);

  constructor(parts: GuestExecParts) {
    this.#parts = parts;
  }

  /** Runs a command; see `Vm.run`. */
  async run(command: GuestCommand): Promise<number> {
    command.signal.throwIfAborted();
    const nonce = crypto.randomBytes(16).toString("hex");
    const line = encodeCommand(nonce, command.args);
    const pair = this.#free.shift();
    if (pair === undefined)
      throw new UnikernelError("IN_USE", `The instance runs ${COMMAND_PAIRS} commands, and no more at once.`, {
        hint: "Wait until one of them has ended, or end it.",
      });
    const files = commandSocketsOf(this.#parts.files, pair);
    const sockets: net.Socket[] = [];
    try {
      const [data, errors] = [await connectTo(files.data, sockets), await connectTo(files.errors, sockets)];
      this.#parts.send(encodeExecLine(pair, nonce));
      return await exchange(data, errors, { ...command, nonce, line });
    } finally {
      for (const socket of sockets) socket.destroy();
      this.#free.push(pair);
    }
  }
}

/** Connects to the socket of a port, and adds the connection to `sockets`. */
async function connectTo(file: string, sockets: net.Socket[]): Promise<net.Socket> {
  const socket = net.connect(file).on("error", () => undefined); // whoever reads from it gets the error
  sockets.push(socket);
  try {
    await once(socket, "connect");
    return socket;
  } catch (cause) {
    if (!hasErrorCode(cause, "ENOENT")) throw stopped(cause);
    throw new UnikernelError(
      "NOT_SUPPORTED",
      "The VM was started by an earlier release and has no port for commands.",
      {
        hint: "Stop the instance and start it again.",
      },
    );
  }
}

const stopped = (cause: unknown): UnikernelError =>
  new UnikernelError("GUEST_STOPPED", "The instance stopped, or its VM was saved, while the command ran.", { cause });

/** Sends the command and its input, and passes its output on. Resolves with the exit code. */
async function exchange(
  data: net.Socket,
  errors: net.Socket,
  { nonce, line, stdin, write, signal }: GuestCommand & { readonly nonce: string; readonly line: string },
): Promise<number> {
  const begun = new AbortController();
  const timeout = setTimeout(() => begun.abort(notBegun()), BEGIN_TIMEOUT_MS);
  const ended = AbortSignal.any([signal, begun.signal]);
  const destroy = (): void => [data, errors].forEach((socket) => void socket.destroy());
  ended.addEventListener("abort", destroy, { once: true });
  if (ended.aborted) destroy();
  const greeting = setInterval(() => data.write(`${nonce}\n`), GREETING_INTERVAL_MS);
  const onBegin = (): void => {
    clearTimeout(timeout);
    clearInterval(greeting);
    void sendAll(data, line, stdin);
  };
  try {
    const [exitCode] = await Promise.all([
      passOn(data, new OutputReader(nonce), { write: (bytes) => write("stdout", bytes), onBegin }),
      passOn(errors, new OutputReader(nonce), { write: (bytes) => write("stderr", bytes), onBegin: () => undefined }),
    ]);
    return exitCode;
  } catch (error) {
    throw ended.aborted ? ended.reason : error;
  } finally {
    clearTimeout(timeout);
    clearInterval(greeting);
    ended.removeEventListener("abort", destroy);
  }
}

const notBegun = (): UnikernelError =>
  new UnikernelError("VMM_FAILED", `The guest did not begin the command within ${BEGIN_TIMEOUT_MS / 1000} s.`, {
    hint: "Its program may use all of the processor or of the memory; read its log.",
  });

/** Sends the command and its input, at the pace at which the guest takes them. Ends when the connection does. */
async function sendAll(socket: net.Socket, line: string, stdin: Uint8Array): Promise<void> {
  socket.write(line);
  for (const bytes of encodeInput(stdin)) {
    if (socket.destroyed) return;
    if (!socket.write(bytes)) await Promise.race([once(socket, "drain"), once(socket, "close")]).catch(() => undefined);
  }
}

/** Passes the output of a port on, up to its end. Resolves with the exit code. */
async function passOn(
  socket: net.Socket,
  reader: OutputReader,
  to: { readonly write: (bytes: Uint8Array) => Promise<void> | void; readonly onBegin: () => void },
): Promise<number> {
  try {
    for await (const chunk of socket) {
      const hadBegun = reader.hasBegun;
      const { bytes, exitCode } = reader.read(chunk as Buffer); // a socket without an encoding
      if (reader.hasBegun && !hadBegun) to.onBegin();
      if (bytes.length > 0) await to.write(bytes);
      if (exitCode !== undefined) return exitCode;
    }
  } catch (cause) {
    throw hasErrorCode(cause, "ECONNRESET", "EPIPE") ? stopped(cause) : cause;
  }
  throw stopped(undefined);
}
