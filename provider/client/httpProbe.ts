/** An HTTP probe of a service, sent as any client would. */
import * as https from "node:https";
import axios from "axios";
import { isLoopbackUrl } from "../base/hostNames";

/** The service's response. */
export interface ProbeResponse {
  readonly status: number;
  readonly body: string;
}

const PROBE_TIMEOUT_MS = 5_000;
/** Of a health check; a redirect answers a question for an answer. */
const MAX_REDIRECTS = 5;

/**
 * GETs a URL on a new connection; `undefined` if the service does not respond within 5 s. Throws only the signal's reason.
 *
 * @param serverName domain name to send, with any certificate accepted and no redirect followed. Default: the URL's own name, with a
 *   valid certificate
 */
export async function probeHttp(
  url: string,
  signal?: AbortSignal,
  serverName?: string,
): Promise<ProbeResponse | undefined> {
  try {
    const response = await axios.get<string>(url, {
      responseType: "text",
      transformResponse: (text: unknown) => text,
      validateStatus: () => true,
      timeout: PROBE_TIMEOUT_MS,
      maxContentLength: 1024 * 1024,
      maxRedirects: serverName === undefined ? MAX_REDIRECTS : 0,
      headers: { Connection: "close", ...(serverName === undefined ? {} : { Host: serverName }) },
      ...(serverName === undefined
        ? {}
        : { httpsAgent: new https.Agent({ servername: serverName, rejectUnauthorized: false }) }),
      ...(isLoopbackUrl(url) ? { proxy: false as const } : {}),
      ...(signal === undefined ? {} : { signal }),
    });
    return { status: response.status, body: response.data };
  } catch {
    signal?.throwIfAborted();
    return undefined;
  }
}
