/** One HTTP question to a service, as a client of it would ask. */
import axios from "axios";
import { isLoopbackUrl } from "../base/hostNames";

/** What the service answered; `undefined` when it did not. */
export interface ProbeResponse {
  readonly status: number;
  readonly body: string;
}

const PROBE_TIMEOUT_MS = 5_000;

/** GETs a URL on a fresh connection; never throws for a service that is down. */
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
