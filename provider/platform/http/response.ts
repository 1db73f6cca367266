/** The envelope of every response. */
import type * as http from "node:http";
import { ITEM_CODES } from "../../contract/codes";
import type { RequestError, FailedItem } from "../errors";

const isFailedItem = (item: object): item is FailedItem => "status" in item && item.status === "error";

/** The envelope of items. `dataKey` undefined: the only item is the data. */
function itemsEnvelope(
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

/** The envelope of a rejected request. `errors[].error` is an extension: the cloud reports only the HTTP status. */
export const errorEnvelope = ({ status, message, itemCode }: RequestError, opTimeUs: number): object => ({
  status: "error",
  message,
  errors: [{ status, message, error: ITEM_CODES[itemCode] }],
  op_time_us: opTimeUs,
});

/** Sends the items of a request, unless the client has disconnected. `startedAt` is a time of `performance.now()`. */
export function sendItems(
  response: http.ServerResponse,
  {
    dataKey,
    items,
    message,
    startedAt,
  }: {
    readonly dataKey: string | undefined;
    readonly items: readonly object[];
    readonly message: string | undefined;
    readonly startedAt: number;
  },
): void {
  const envelope = itemsEnvelope(dataKey, items, message, elapsedUs(startedAt));
  sendText(response, 200, "application/json", JSON.stringify(envelope));
}

/** Sends the error of a rejected request, unless the client has disconnected. */
export function sendError(response: http.ServerResponse, error: RequestError, startedAt: number): void {
  if (error.allowedMethods.length > 0 && !response.headersSent)
    response.setHeader("allow", error.allowedMethods.join(", "));
  sendText(response, error.status, "application/json", JSON.stringify(errorEnvelope(error, elapsedUs(startedAt))));
}

const elapsedUs = (startedAt: number): number => Math.round((performance.now() - startedAt) * 1000);

/** Sends a text, unless the client has disconnected. */
export function sendText(response: http.ServerResponse, status: number, contentType: string, text: string): void {
  if (response.headersSent || response.destroyed) return;
  const bytes = Buffer.from(text);
  response.writeHead(status, { "content-type": contentType, "content-length": bytes.length });
  response.end(bytes);
}
