/** `GET /metrics`: the platform for Prometheus and others that read its formats. */
import { chooseFormat, formatMetrics, METRICS_CONTENT_TYPES } from "../../observability/exposition";
import { collectMetrics } from "../../observability/platformMetrics";
import type { Registry } from "../../registry";
import { type Endpoint, pathOf, sendStatus } from "./endpoint";
import { sendText } from "../response";

const ROOT = "/metrics";

/**
 * Serves the metrics to whoever has the token.
 *
 * @param isAuthorized true if an `Authorization` header contains the token
 */
export const metricsEndpoint = (
  registry: Registry,
  isAuthorized: (header: string | undefined) => boolean,
): Endpoint => ({
  root: ROOT,
  handle: async (request, response) => {
    if (!isAuthorized(request.headers.authorization)) {
      response.setHeader("www-authenticate", "Bearer");
      return sendStatus(response, 401, "Send the token of the local platform: 'Authorization: Bearer <token>'.");
    }
    if (pathOf(request) !== ROOT) return sendStatus(response, 404, `There is nothing at ${pathOf(request)}.`);
    if (request.method !== "GET") {
      response.setHeader("allow", "GET");
      return sendStatus(response, 405, `Method ${request.method ?? ""} is not allowed for ${pathOf(request)}.`);
    }
    const format = chooseFormat(request.headers.accept ?? "");
    sendText(response, 200, METRICS_CONTENT_TYPES[format], formatMetrics(await collectMetrics(registry), format));
  },
});
