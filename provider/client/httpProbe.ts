/** An HTTP probe of a service, sent as any client would. */
import axios from "axios";
import { isLoopbackUrl } from "../base/hostNames";

/** The service's response. */
export interface ProbeResponse {
  readonly status: number;
  readonly body: string;
}

const PROBE_TIMEOUT_MS = 5_000;

/** GETs a URL on a new connection; `undefined` if the service does not respond within 5 s. Throws only the signal's reason. */
export async function probeHttp(url: string, signal?: AbortSignal): Promise<ProbeResponse | undefined> {
  try {
    const response = await axios.get<string>(url, {
      responseType: "text",
      transformResponse: (text: unknown) => text,
      validateStatus: () => true,
      timeout: PROBE_TIMEOUT_MS,
      maxContentLength: 1024 * 1024,
      headers: { Connection: "close" },
      ...(isLoopbackUrl(url) ? { proxy: false as const } : {}),
      ...(signal === undefined ? {} : { signal }),
    });
    return { status: response.status, body: response.data };
  } catch {
    signal?.throwIfAborted();
    return undefined;
  }
}
