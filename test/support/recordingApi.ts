/** The HTTP side of the platform with handlers of a test. */
import { routes } from "../../provider/contract/routes";
import { startApiServer } from "../../provider/platform/http/server";
import { NEWEST_DIALECT } from "../../provider/platform/http/dialect";
import { silentLog } from "../../provider/platform/log";
import type { Handlers } from "../../provider/platform/handlers/handler";
import type { Timings } from "../../provider/platform/timings";

/** The arguments of a handler call. */
export interface HandlerCall {
  readonly name: string;
  readonly body: unknown;
  readonly selectors: readonly unknown[];
  readonly path: Readonly<Record<string, string>>;
  readonly accept: string;
  readonly signal: AbortSignal;
}

/** A server whose handlers are recorded. */
export interface RecordingApi extends AsyncDisposable {
  readonly url: string;
  readonly token: string;
  readonly calls: HandlerCall[];
  /** Number of requests in flight. */
  readonly inFlight: () => number;
}

/** The default response; `url` is for the older listing of images, which is derived from it. */
const DEFAULT_RESPONSE = { items: [{ status: "success", url: "oci://local/app@sha256:0" }] };

/** Serves every route with `handle`. */
export async function startRecordingApi(
  handle: (called: HandlerCall) => object | Promise<object> = () => DEFAULT_RESPONSE,
  timings: Pick<Timings, "headersTimeoutMs" | "requestTimeoutMs"> = {
    headersTimeoutMs: 10_000,
    requestTimeoutMs: 60_000,
  },
): Promise<RecordingApi> {
  const called: HandlerCall[] = [];
  const handlers = Object.fromEntries(
    Object.keys(routes).map((name) => [
      name,
      (request: Omit<HandlerCall, "name">) => {
        const call = { name, ...request };
        called.push(call);
        return handle(call);
      },
    ]),
  ) as unknown as Handlers;
  const token = "t".repeat(8);
  const server = await startApiServer({
    handlers,
    dialect: NEWEST_DIALECT,
    token,
    timings,
    log: silentLog,
  });
  return {
    url: server.url,
    token,
    calls: called,
    inFlight: () => server.activity.inFlightCount,
    [Symbol.asyncDispose]: () => server.close(0),
  };
}
