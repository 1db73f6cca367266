/** Building blocks of the contract suite: scenarios and helpers for recorded responses. */
import type { ApiResponse } from "../../../provider/client/apiResponse";
import { type Client, onlyItem } from "../../../provider/client/client";
import type { RouteName } from "../../../provider/contract/routes";
import { UnikernelError } from "../../../provider/base/errors";
import type { DaemonOptions } from "../../../provider/platform/daemon";

/** A request of a scenario and its recorded response, written from the vendor's documentation. */
export interface RecordedExchange {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Path and query. */
  readonly path: string;
  /** The expected request body; undefined accepts any. */
  readonly body?: unknown;
  /** The expected token; {@link TOKEN} by default. */
  readonly token?: string;
  /** HTTP status; 200 by default. */
  readonly status?: number;
  /** The response body. */
  readonly response: unknown;
}

/** Variations of a connection to the same target. */
export interface Connection {
  /** Replaces the valid token. */
  readonly token?: string;
  /** Prefix of every path, to test paths without an API. */
  readonly pathPrefix?: string;
}

/** What the client does, the responses recorded for it, and the result expected from every target. */
export interface Scenario {
  readonly name: string;
  readonly exchanges: readonly RecordedExchange[];
  readonly run: (client: Client, connect: (connection: Connection) => Client) => Promise<unknown>;
  readonly expected: unknown;
  /** Start options of the local platform. */
  readonly platformOptions?: Pick<DaemonOptions, "quotas" | "strict2026">;
  /** Runs with recorded responses only, because the local platform never responds this way. */
  readonly recordedOnly?: boolean;
}

/** The valid token of recorded responses. */
export const TOKEN = "t";

/** Uuid of a volume. */
export const VOLUME = "11111111-1111-4111-8111-111111111111";
/** Uuid of a service group. */
export const SERVICE = "22222222-2222-4222-8222-222222222222";
/** Uuid of an instance. */
export const INSTANCE = "33333333-3333-4333-8333-333333333333";
/** Uuid of a certificate. */
export const CERTIFICATE = "55555555-5555-4555-8555-555555555555";
/** Uuid of a second object. */
export const OTHER = "66666666-6666-4666-8666-666666666666";
/** Uuid of no object. */
export const MISSING = "99999999-9999-4999-8999-999999999999";
/** Id of the empty folder that each platform is lent. */
export const LENT = "00000000-0000-4000-8000-0000000001e7";
/** Digest of an image. */
export const DIGEST = `sha256:${"a".repeat(64)}`;

/** An envelope of succeeded items. */
export const ok = (key: string, ...items: object[]) => ({ status: "success", op_time_us: 1, data: { [key]: items } });

/** An envelope of failed items. */
export const failed = (key: string, ...items: object[]) => ({
  status: "error",
  message: "Failed to perform all operations",
  op_time_us: 1,
  data: { [key]: items },
});

/** An envelope in which some items failed. */
export const partialSuccess = (key: string, ...items: object[]) => ({
  ...failed(key, ...items),
  status: "partial_success",
});

/** A succeeded item. */
export const item = (uuid: string, name: string, more: object = {}) => ({ status: "success", uuid, name, ...more });

/** A failed item with a numeric code. */
export const failure = (error: number, message: string, more: object = {}) => ({
  status: "error",
  ...more,
  message,
  error,
});

/** A GET without a body. */
export const get = (path: string, response: unknown): RecordedExchange => ({ method: "GET", path, response });

const exchangeWithBody =
  (method: RecordedExchange["method"]) =>
  (path: string, body: unknown, response: unknown): RecordedExchange => ({ method, path, body, response });
/** A POST; a body of undefined accepts any. */
export const post = exchangeWithBody("POST");
/** A PUT; a body of undefined accepts any. */
export const put = exchangeWithBody("PUT");
/** A PATCH; a body of undefined accepts any. */
export const patch = exchangeWithBody("PATCH");
/** A DELETE; a body of undefined accepts any. */
export const remove = exchangeWithBody("DELETE");

/** An exchange whose request is rejected as a whole. */
export const requestError = (
  exchange: Omit<RecordedExchange, "response" | "status">,
  status: number,
  message: string,
): RecordedExchange => ({
  ...exchange,
  status,
  response: { status: "error", message, errors: [{ status }], op_time_us: 1 },
});

/** Code of the error that a promise rejects with; `none` if it resolves. */
export const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "none",
    (error: unknown) => (UnikernelError.is(error) ? error.code : String(error)),
  );

/** For each item, its numeric code and the client's code, such as `15 IN_USE`; undefined for a succeeded item. */
export const itemCodes = <K extends RouteName>(response: ApiResponse<K>): readonly (string | undefined)[] =>
  response.items.map((item) => {
    const { error } = item as { readonly error?: number };
    const ours = thrownCode(() => onlyItem({ ...response, items: [item] }, "Calling"));
    return ours === undefined ? undefined : [error, ours].filter((code) => code !== undefined).join(" ");
  });

/** Code of the error that a function throws; undefined if it does not throw. */
export function thrownCode(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    return UnikernelError.is(error) ? error.code : String(error);
  }
}
