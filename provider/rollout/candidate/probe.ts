/** One attempt of a readiness probe through the published ports of a service group, as a client of the service would send it. */
import { reachableHost } from "../../base/hostNames";
import { sendProbe } from "../../client/httpProbe";
import { probePort } from "../../client/portProbe";
import type { ReadinessProbe } from "../../contract/models";
import { MAX_PROBE_BODY_BYTES, readinessProblem } from "../../contract/readiness/evaluate";
import { probeSettings } from "../../contract/readiness/progress";
import type { Route } from "./route";

/** What is probed. */
export interface ProbeTarget {
  /** Domain name of the group, which is also the name that its certificate must have. */
  readonly fqdn: string;
  /** At least one. */
  readonly routes: readonly Route[];
}

/**
 * Why the attempt failed, as a clause; `undefined` if it succeeded. An HTTP probe over TLS requires a valid certificate, since its
 * headers may be secret; only the local platform's `.localhost`, which leads to this machine, may have any. Throws only the signal's
 * reason.
 */
export async function probeThroughGroup(
  probe: ReadinessProbe,
  { fqdn, routes }: ProbeTarget,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const host = reachableHost(fqdn);
  const { http } = probe;
  if (http === undefined) {
    for (const route of routes) {
      const problem = await probePort({ host, serverName: fqdn, ...route }, signal);
      if (problem !== undefined) return `port ${route.port} ${problem}`;
    }
    return undefined;
  }
  const { path, method, headers } = http;
  const [route] = routes;
  if (route === undefined) return `${path} cannot be reached: the service publishes no TCP port`;
  const isLocal = host !== fqdn;
  const response = await sendProbe({
    ...{ url: `${route.isTls ? "https" : "http"}://${host}:${route.port}${path}`, method, headers },
    ...{ timeoutMs: probeSettings(probe).timeoutMs, maxBodyBytes: MAX_PROBE_BODY_BYTES, maxRedirects: 0 },
    ...(isLocal ? { serverName: fqdn, anyCertificate: true } : {}),
    signal,
  });
  return "problem" in response ? `${path} ${response.problem}` : readinessProblem(response, http);
}
