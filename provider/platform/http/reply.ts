/** The wrapper of every answer, in one place. */
import type * as http from "node:http";
import type { FailedItem } from "../handlers/request";

/** A request that is refused as a whole. */
export class HttpRefusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const failed = (item: object): item is FailedItem => "status" in item && item.status === "error";

/** Envelope of items. `dataKey` undefined: the only item is the data. */
export function itemsEnvelope(
  dataKey: string | undefined,
  items: readonly object[],
  message: string | undefined,
  opTimeUs: number,
): object {
  const failures = items.filter(failed).length;
  const status = failures === 0 ? "success" : failures === items.length ? "error" : "partial_success";
  const text = message ?? (failures > 0 ? "Failed to perform all operations" : undefined);
  return {
    status,
    ...(text === undefined ? {} : { message: text }),
    data: dataKey === undefined ? items[0] : { [dataKey]: items },
    op_time_us: opTimeUs,
  };
}

/** Envelope of a request that failed as a whole. */
export const refusalEnvelope = (status: number, message: string, opTimeUs: number): object => ({
  status: "error",
  message,
  errors: [{ status, message }],
  op_time_us: opTimeUs,
});

/** Sends JSON; nothing when the client is gone. */
export function send(
  response: http.ServerResponse,
  status: number,
  body: object,
  headers: http.OutgoingHttpHeaders = {},
): void {
  if (response.headersSent || response.destroyed) return;
  const text = Buffer.from(JSON.stringify(body));
  response.writeHead(status, { "content-type": "application/json", "content-length": text.length, ...headers });
  response.end(text);
}
