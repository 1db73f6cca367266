/** The wrapper of every answer, in one place. */
import type * as http from "node:http";
import { ITEM_CODES } from "../../contract/codes";
import type { RequestError } from "../errors";
import type { FailedItem } from "../handlers/handler";

const isFailedItem = (item: object): item is FailedItem => "status" in item && item.status === "error";

/** Envelope of items. `dataKey` undefined: the only item is the data. */
export function itemsEnvelope(
  dataKey: string | undefined,
  items: readonly object[],
  message: string | undefined,
  opTimeUs: number,
): object {
  const failures = items.filter(isFailedItem).length;
  const status = failures === 0 ? "success" : failures === items.length ? "error" : "partial_success";
  const text = message ?? (failures > 0 ? "Failed to perform all operations" : undefined);
  return {
    status,
    ...(text === undefined ? {} : { message: text }),
    data: dataKey === undefined ? items[0] : { [dataKey]: items },
    op_time_us: opTimeUs,
  };
}

/** Envelope of a request that failed as a whole. `errors[].error` is our addition: the cloud only tells the HTTP status there. */
export const errorEnvelope = ({ status, message, itemCode }: RequestError, opTimeUs: number): object => ({
  status: "error",
  message,
  errors: [{ status, message, error: ITEM_CODES[itemCode] }],
  op_time_us: opTimeUs,
});

/** Sends JSON; nothing when the client is gone. */
export function sendJson(response: http.ServerResponse, status: number, body: object): void {
  sendText(response, status, "application/json", JSON.stringify(body));
}

/** Sends a text; nothing when the client is gone. */
export function sendText(response: http.ServerResponse, status: number, contentType: string, text: string): void {
  if (response.headersSent || response.destroyed) return;
  const bytes = Buffer.from(text);
  response.writeHead(status, { "content-type": contentType, "content-length": bytes.length });
  response.end(bytes);
}
