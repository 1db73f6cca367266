/** The HTTP side of the platform with handlers of a test's own. */
import { routes } from "../../provider/contract/routes";
import { serveApi } from "../../provider/platform/http/server";
import { NEWEST } from "../../provider/platform/http/dialect";
import { silentLog } from "../../provider/platform/log";
import type { Handlers } from "../../provider/platform/handlers/request";
import type { Timings } from "../../provider/platform/timings";

/** What a handler was called with. */
export interface Called {
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
  readonly called: Called[];
  /** Requests under way. */
  readonly underWay: () => number;
}

/** What a test that does not care answers; `url` is for the older listing of images, which is made from it. */
const ANYTHING = { items: [{ status: "success", url: "oci://local/app@sha256:0" }] };

/** Serves every route by `handle`. */
export async function serveRecording(
  handle: (called: Called) => object | Promise<object> = () => ANYTHING,
  timings: Pick<Timings, "headersMs" | "requestMs"> = { headersMs: 10_000, requestMs: 60_000 },
): Promise<RecordingApi> {
  const called: Called[] = [];
  let underWay = 0;
  const handlers = Object.fromEntries(
    Object.keys(routes).map((name) => [
      name,
      (request: Omit<Called, "name">) => {
        const call = { name, ...request };
        called.push(call);
        return handle(call);
      },
    ]),
  ) as unknown as Handlers;
  const token = "t".repeat(8);
  const server = await serveApi({
    handlers,
    dialect: NEWEST,
    token,
    timings,
    log: silentLog,
    onRequest: (change) => void (underWay += change),
  });
  return {
    url: server.url,
    token,
    called,
    underWay: () => underWay,
    [Symbol.asyncDispose]: () => server.close(0),
  };
}
