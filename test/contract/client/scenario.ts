/** What the contract suite is made of: scenarios, and the words to write recorded responses with. */
import { type Client, type Reply, onlyItem } from "../../../provider/client/client";
import type { RouteName } from "../../../provider/contract/routes";
import { UnikernelError } from "../../../provider/base/errors";
import type { DaemonOptions } from "../../../provider/platform/daemon";

/** One answer of the API, in the order in which the scenario asks. Written from the vendor's documentation. */
export interface RecordedExchange {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Path and query. */
  readonly path: string;
  /** What must be sent; undefined: anything. */
  readonly body?: unknown;
  /** What must come as the token; {@link TOKEN} by default. */
  readonly token?: string;
  /** HTTP status; 200 by default. */
  readonly status?: number;
  readonly reply: unknown;
}

/** How another client reaches the same place. */
export interface Connection {
  /** In place of the right one. */
  readonly token?: string;
  /** In front of every path: where no API is. */
  readonly pathPrefix?: string;
}

/** What the client is asked, the answers recorded for it, and what must come out wherever it runs. */
export interface Scenario {
  readonly name: string;
  readonly exchanges: readonly RecordedExchange[];
  readonly run: (client: Client, connect: (connection: Connection) => Client) => Promise<unknown>;
  readonly expected: unknown;
  /** How the local platform is started for it. */
  readonly platformOptions?: Pick<DaemonOptions, "quotas" | "strict2026">;
  /** Told by recorded responses alone: the local platform never answers so. */
  readonly recordedOnly?: boolean;
}

/** The right token for recorded responses. */
export const TOKEN = "t";

export const VOLUME = "11111111-1111-4111-8111-111111111111";
export const SERVICE = "22222222-2222-4222-8222-222222222222";
export const INSTANCE = "33333333-3333-4333-8333-333333333333";
export const CERTIFICATE = "55555555-5555-4555-8555-555555555555";
export const OTHER = "66666666-6666-4666-8666-666666666666";
export const MISSING = "99999999-9999-4999-8999-999999999999";
export const DIGEST = `sha256:${"a".repeat(64)}`;

/** An envelope of items that are all well. */
export const ok = (key: string, ...items: object[]) => ({ status: "success", op_time_us: 1, data: { [key]: items } });

/** An envelope of items that all failed. */
export const failed = (key: string, ...items: object[]) => ({
  status: "error",
  message: "Failed to perform all operations",
  op_time_us: 1,
  data: { [key]: items },
});

/** An envelope of items of which some failed. */
export const partialSuccess = (key: string, ...items: object[]) => ({
  ...failed(key, ...items),
  status: "partial_success",
});

/** An item that is well. */
export const item = (uuid: string, name: string, more: object = {}) => ({ status: "success", uuid, name, ...more });

/** An item that failed by a numeric code. */
export const failure = (error: number, message: string, more: object = {}) => ({
  status: "error",
  ...more,
  message,
  error,
});

export const get = (path: string, reply: unknown): RecordedExchange => ({ method: "GET", path, reply });

const exchangeWithBody =
  (method: RecordedExchange["method"]) =>
  (path: string, body: unknown, reply: unknown): RecordedExchange => ({ method, path, body, reply });
export const post = exchangeWithBody("POST");
export const put = exchangeWithBody("PUT");
export const patch = exchangeWithBody("PATCH");
export const remove = exchangeWithBody("DELETE");

/** An exchange that is refused as a whole. */
export const requestError = (
  exchange: Omit<RecordedExchange, "reply" | "status">,
  status: number,
  message: string,
): RecordedExchange => ({
  ...exchange,
  status,
  reply: { status: "error", message, errors: [{ status }], op_time_us: 1 },
});

/** Code of the error that a promise rejects with. */
export const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "none",
    (error: unknown) => (UnikernelError.is(error) ? error.code : String(error)),
  );

/** Of each item of an answer its numeric code and what the client makes of it, `15 IN_USE`; undefined of one that is well. */
export const itemCodes = <K extends RouteName>(reply: Reply<K>): readonly (string | undefined)[] =>
  reply.items.map((item) => {
    const { error } = item as { readonly error?: number };
    const ours = thrownCode(() => onlyItem({ ...reply, items: [item] }, "Asking"));
    return ours === undefined ? undefined : [error, ours].filter((code) => code !== undefined).join(" ");
  });

/** Code of what a function throws; undefined when it does not throw. */
export function thrownCode(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    return UnikernelError.is(error) ? error.code : String(error);
  }
}
