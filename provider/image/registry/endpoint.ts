/** Where the API of a registry is, and which repository of it a reference means. Pure. */
import { isLoopbackHost } from "../../base/hostNames";
import { DEFAULT_REGISTRY, type Reference } from "../oci/reference";

/** Docker Hub's name in references and the host of its API. Source: distribution/reference, `normalize.go`. */
const DOCKER_HUB = "docker.io";
const DOCKER_HUB_API = "registry-1.docker.io";
const DOCKER_HUB_HOSTS: readonly string[] = [DOCKER_HUB, "index.docker.io", DOCKER_HUB_API];

/** A repository of a registry. */
export interface Endpoint {
  /** Host with port if any, as in references. */
  readonly registry: string;
  readonly repository: string;
}

/**
 * The registry and repository of a reference. A name without a host belongs to the vendor's registry, and a bare name to its official
 * images; a bare name of Docker Hub to Docker's `library`.
 *
 * Source: unikraft CLI, resolution of short names; distribution/reference, `normalize.go`.
 */
export function resolveEndpoint({ registry, repository }: Pick<Reference, "registry" | "repository">): Endpoint {
  if (registry === undefined) {
    return { registry: DEFAULT_REGISTRY, repository: repository.includes("/") ? repository : `official/${repository}` };
  }
  if (isDockerHub(registry)) {
    return { registry: DOCKER_HUB, repository: repository.includes("/") ? repository : `library/${repository}` };
  }
  return { registry, repository };
}

/** True for any host name of Docker Hub. */
export const isDockerHub = (registry: string): boolean => DOCKER_HUB_HOSTS.includes(registry.toLowerCase());

/** The base URL of a registry's API, with a trailing slash. Plain HTTP for loopback hosts, HTTPS for all others. */
export function apiUrl(registry: string): string {
  const host = isDockerHub(registry) ? DOCKER_HUB_API : registry;
  return `${isLoopbackHost(host) ? "http" : "https"}://${host}/v2/`;
}

/**
 * True if a request may go to a URL: HTTPS, or HTTP on the loopback interface. `from` is the URL that led there (a redirect, a
 * `Location`); HTTPS never leads to HTTP.
 */
export function isAllowedUrl(url: URL, from?: URL): boolean {
  if (url.protocol === "https:") return true;
  return url.protocol === "http:" && isLoopbackHost(url.host) && from?.protocol !== "https:";
}
