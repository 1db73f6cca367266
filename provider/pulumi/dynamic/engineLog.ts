/**
 * Messages other than errors: warnings, progress, and descriptions of changes. They go to the engine's log service, which attaches
 * each to its resource. The engine shows text that this process prints as output of the whole stack.
 */
import { createRequire } from "node:module";
import type { EngineAddress } from "./engineConnection";

/** How serious a message is. */
export type Severity = "info" | "warning";

/** Sends messages to the engine. */
export interface EngineLog {
  /** Sends one message. Without a URN it belongs to the stack. */
  write(severity: Severity, message: string, urn: string | undefined): void;
  /** Resolves when the engine has all messages. Call it before an operation ends, so that its messages are shown with it. */
  flush(): Promise<void>;
}

/** Sends one message; rejects if the engine did not take it. */
type Send = (severity: Severity, message: string, urn: string | undefined) => Promise<void>;

/** Timeout of one message. */
const SEND_TIMEOUT_MS = 2_000;

/** The part of @pulumi/pulumi's protocol that is used. Its severities: debug 0, info 1, warning 2, error 3. */
interface EngineProtocol {
  readonly LogRequest: new () => {
    setSeverity(value: number): void;
    setMessage(value: string): void;
    setUrn(value: string): void;
  };
  readonly EngineClient: new (
    address: string,
    credentials: unknown,
  ) => { log(request: object, options: { deadline: number }, done: (error: Error | null) => void): void };
}
const SEVERITIES: Readonly<Record<Severity, number>> = { info: 1, warning: 2 };

/**
 * Connects to the log service with the copy of @pulumi/pulumi that runs this process. It is loaded already and finds its own gRPC
 * library, which is not a dependency of this package.
 */
function connect({ host, port }: EngineAddress): Send {
  const load = createRequire(require.main?.filename ?? __filename);
  const { EngineClient } = load("../../proto/engine_grpc_pb") as EngineProtocol;
  const { LogRequest } = load("../../proto/engine_pb") as EngineProtocol;
  const { credentials } = load("@grpc/grpc-js") as { credentials: { createInsecure(): unknown } };
  const client = new EngineClient(`${host}:${port}`, credentials.createInsecure());
  return (severity, message, urn) =>
    new Promise((resolve, reject) => {
      const request = new LogRequest();
      request.setSeverity(SEVERITIES[severity]);
      request.setMessage(message);
      if (urn !== undefined) request.setUrn(urn);
      client.log(request, { deadline: Date.now() + SEND_TIMEOUT_MS }, (error) =>
        error === null ? resolve() : reject(error),
      );
    });
}

/**
 * The log of this process. It connects for the first message; a preview without changes has none.
 *
 * @param address the engine's address; `undefined` without an engine
 * @param print prints a line if the engine cannot be reached
 */
export function createEngineLog(address: EngineAddress | undefined, print: (line: string) => void): EngineLog {
  let send: Send | undefined;
  /** Messages reach the engine in order. */
  let last: Promise<void> = Promise.resolve();
  const deliver: Send = async (severity, message, urn) => {
    try {
      if (address === undefined) return print(message);
      send ??= connect(address);
      await send(severity, message, urn);
    } catch {
      print(message);
    }
  };
  return {
    write(severity, message, urn) {
      last = last.then(() => deliver(severity, message, urn));
    },
    flush: () => last,
  };
}
