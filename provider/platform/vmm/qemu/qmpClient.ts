/**
 * A client of the QEMU Machine Protocol. Source: QEMU, docs/interop/qmp-spec.rst.
 *
 * One JSON object a line, a greeting first; commands carry ids; events arrive at any time, also before the answer to
 * `qmp_capabilities`.
 */
import * as net from "node:net";
import * as z from "zod";
import { UnikernelError } from "../../../base/errors";

const Message = z.union([
  z.object({ QMP: z.looseObject({}) }),
  z.object({ event: z.string(), data: z.record(z.string(), z.unknown()).optional() }),
  z.object({ error: z.object({ class: z.string(), desc: z.string() }), id: z.number().optional() }),
  z.object({ return: z.unknown(), id: z.number() }),
]);

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

/** QEMU's longest lines, lists of its own schema, stay far below; anything longer is no QMP. */
const MAX_LINE_CHARS = 16 * 1024 * 1024;
const COMMAND_TIMEOUT_MS = 10_000;

/** A connection to one QMP socket. */
export class QmpClient {
  /** Resolves when the connection is gone, for whatever reason. */
  readonly closed: Promise<void>;
  readonly #socket: net.Socket;
  readonly #pendingCommands = new Map<number, PendingCommand>();
  readonly #onEvent: (event: QmpEvent) => void;
  #onGreeting: () => void = () => undefined;
  #lastId = 0;
  #partialLine: string[] = [];
  #partialLineChars = 0;

  private constructor(socket: net.Socket, onEvent: (event: QmpEvent) => void) {
    this.#socket = socket;
    this.#onEvent = onEvent;
    this.closed = new Promise((resolve) => socket.once("close", () => resolve()));
    void this.closed.then(() => this.#failAll("the connection to QEMU was closed"));
    socket.setEncoding("utf8").on("data", (text: string) => this.#receive(text));
    socket.on("error", () => undefined); // 'close' follows
  }

  /**
   * Connects, waits for the greeting and negotiates. Throws `VMM_FAILED` when there is no socket, or none that speaks
   * QMP within the time.
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
        const refuse = (why: string): void => reject(vmmError(`QEMU's control socket ${why}.`));
        client.#onGreeting = resolve;
        void client.closed.then(() => refuse("is closed"));
        timer = setTimeout(() => refuse(`said nothing within ${timeoutMs} ms`), timeoutMs);
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

  /** Runs a command and returns its result. Throws `VMM_FAILED` with QEMU's words, after the time, or when closed. */
  execute(
    command: string,
    parameters: Readonly<Record<string, unknown>> = {},
    timeoutMs: number = COMMAND_TIMEOUT_MS,
  ): Promise<unknown> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      if (this.#socket.destroyed) {
        reject(vmmError(`QEMU did not carry out '${command}': the connection is closed.`));
        return;
      }
      const timer = setTimeout(() => {
        this.#pendingCommands.delete(id);
        reject(vmmError(`QEMU did not answer '${command}' within ${timeoutMs} ms.`));
      }, timeoutMs);
      const refuse = (error: UnikernelError): void =>
        reject(vmmError(`QEMU did not carry out '${command}': ${error.message}`));
      this.#pendingCommands.set(id, { resolve, reject: refuse, timer });
      this.#socket.write(`${JSON.stringify({ execute: command, arguments: parameters, id })}\n`);
    });
  }

  /** Runs a command of the human monitor and returns what it prints; these report failures as text only. */
  async humanMonitorCommand(commandLine: string): Promise<string> {
    const text = await this.execute("human-monitor-command", { "command-line": commandLine });
    return typeof text === "string" ? text : "";
  }

  /** Ends the connection; the VM goes on. Commands still under way fail. */
  close(): void {
    this.#socket.destroy();
  }

  #receive(text: string): void {
    const lines = text.split("\n");
    const rest = lines.pop() ?? "";
    for (const line of lines) {
      this.#handleLine(this.#partialLine.join("") + line);
      this.#partialLine = [];
      this.#partialLineChars = 0;
    }
    this.#partialLine.push(rest);
    this.#partialLineChars += rest.length;
    if (this.#partialLineChars > MAX_LINE_CHARS) this.close();
  }

  #handleLine(line: string): void {
    if (line.trim() === "") return;
    const parsed = Message.safeParse(parseJson(line));
    if (!parsed.success) {
      this.close();
      return;
    }
    const message = parsed.data;
    if ("QMP" in message) this.#onGreeting();
    else if ("event" in message) this.#onEvent({ event: message.event, data: message.data ?? {} });
    else if ("error" in message) {
      const error = vmmError(message.error.desc);
      if (message.id === undefined) this.#failAll(message.error.desc);
      else this.#take(message.id)?.reject(error);
    } else this.#take(message.id)?.resolve(message.return);
  }

  #take(id: number): PendingCommand | undefined {
    const waiter = this.#pendingCommands.get(id);
    this.#pendingCommands.delete(id);
    clearTimeout(waiter?.timer);
    return waiter;
  }

  #failAll(why: string): void {
    for (const id of [...this.#pendingCommands.keys()]) this.#take(id)?.reject(vmmError(why));
  }
}

const vmmError = (message: string): UnikernelError => new UnikernelError("VMM_FAILED", message);

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
