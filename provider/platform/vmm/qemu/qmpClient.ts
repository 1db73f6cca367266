/**
 * A client of the QEMU Machine Protocol. Source: QEMU, docs/interop/qmp-spec.rst.
 *
 * QEMU sends a greeting first. Commands have ids. Events arrive at any time, even before the response to
 * `qmp_capabilities`.
 */
import * as net from "node:net";
import { UnikernelError } from "../../../base/errors";
import { createLineSplitter, parseQmpMessage } from "./qmpMessages";

/** Something that happened to a VM, such as `SHUTDOWN`. */
export interface QmpEvent {
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
}

interface PendingCommand {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: UnikernelError) => void;
  readonly timer: NodeJS.Timeout;
}

const COMMAND_TIMEOUT_MS = 10_000;

/** QEMU did not do something in time. It has not refused it: on a busy machine, as when many VMs wake at once, it may do so the next time. */
export class QemuTimeoutError extends UnikernelError {
  constructor(message: string, cause?: unknown) {
    super("VMM_FAILED", message, { cause });
  }
}

/** A connection to one QMP socket. */
export class QmpClient {
  /** Resolves when the connection has closed for any reason. */
  readonly closed: Promise<void>;
  readonly #socket: net.Socket;
  readonly #pendingCommands = new Map<number, PendingCommand>();
  readonly #onEvent: (event: QmpEvent) => void;
  #onGreeting: () => void = () => undefined;
  #lastId = 0;

  private constructor(socket: net.Socket, onEvent: (event: QmpEvent) => void) {
    this.#socket = socket;
    this.#onEvent = onEvent;
    this.closed = new Promise((resolve) => socket.once("close", () => resolve()));
    void this.closed.then(() => this.#rejectAll("the connection to QEMU was closed"));
    const receive = createLineSplitter((line) => this.#handleLine(line));
    socket.setEncoding("utf8").on("data", (text: string) => {
      if (!receive(text)) this.close();
    });
    socket.on("error", () => undefined); // 'close' follows
  }

  /**
   * Connects, waits for the greeting and negotiates capabilities. Throws `VMM_FAILED` when there is no such socket, or
   * nothing on it speaks QMP within `timeoutMs` (default 10 s).
   */
  static async connect(
    path: string,
    options: { readonly onEvent?: (event: QmpEvent) => void; readonly timeoutMs?: number } = {},
  ): Promise<QmpClient> {
    const timeoutMs = options.timeoutMs ?? COMMAND_TIMEOUT_MS;
    const client = new QmpClient(net.connect(path), options.onEvent ?? (() => undefined));
    let timer: NodeJS.Timeout | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        client.#onGreeting = resolve;
        void client.closed.then(() => reject(vmmError("QEMU's control socket is closed.")));
        const onTimeout = (): void =>
          reject(new QemuTimeoutError(`QEMU's control socket sent no greeting within ${timeoutMs} ms.`));
        timer = setTimeout(onTimeout, timeoutMs);
      });
      await client.execute("qmp_capabilities", {}, timeoutMs);
      return client;
    } catch (error) {
      client.close();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * Runs a command and returns its result. Throws `VMM_FAILED` when QEMU reports an error (with its message), does not
   * respond within `timeoutMs` (default 10 s; {@link QemuTimeoutError}), or the connection is closed.
   */
  execute(
    command: string,
    parameters: Readonly<Record<string, unknown>> = {},
    timeoutMs: number = COMMAND_TIMEOUT_MS,
  ): Promise<unknown> {
    const id = ++this.#lastId;
    return new Promise((resolve, rejectPromise) => {
      const reject = (error: UnikernelError): void =>
        rejectPromise(vmmError(`QEMU's command '${command}' failed: ${error.message}`));
      if (this.#socket.destroyed) return reject(vmmError("the connection to QEMU is closed"));
      const timer = setTimeout(() => {
        this.#pendingCommands.delete(id);
        const message = `QEMU's command '${command}' failed: no response within ${timeoutMs} ms`;
        rejectPromise(new QemuTimeoutError(message));
      }, timeoutMs);
      this.#pendingCommands.set(id, { resolve, reject, timer });
      this.#socket.write(`${JSON.stringify({ execute: command, arguments: parameters, id })}\n`);
    });
  }

  /**
   * Runs a command of the human monitor and returns what it prints. Such a command reports its failure as text and does
   * not throw. Throws as {@link execute} does when the monitor cannot be reached.
   */
  async humanMonitorCommand(commandLine: string): Promise<string> {
    const text = await this.execute("human-monitor-command", { "command-line": commandLine });
    return typeof text === "string" ? text : "";
  }

  /** Closes the connection; the VM continues. Pending commands fail. */
  close(): void {
    this.#socket.destroy();
  }

  #handleLine(line: string): void {
    if (line.trim() === "") return;
    const message = parseQmpMessage(line);
    if (message === undefined) this.close();
    else if ("QMP" in message) this.#onGreeting();
    else if ("event" in message) this.#onEvent({ event: message.event, data: message.data ?? {} });
    else if (!("error" in message)) this.#takePending(message.id)?.resolve(message.return);
    else if (message.id === undefined) this.#rejectAll(message.error.desc);
    else this.#takePending(message.id)?.reject(vmmError(message.error.desc));
  }

  #takePending(id: number): PendingCommand | undefined {
    const pending = this.#pendingCommands.get(id);
    this.#pendingCommands.delete(id);
    clearTimeout(pending?.timer);
    return pending;
  }

  #rejectAll(reason: string): void {
    for (const id of [...this.#pendingCommands.keys()]) this.#takePending(id)?.reject(vmmError(reason));
  }
}

const vmmError = (message: string): UnikernelError => new UnikernelError("VMM_FAILED", message);
