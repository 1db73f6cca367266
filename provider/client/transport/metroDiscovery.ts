/** Finds the address of a metro's API by its code, from the control plane. */
import { KNOWN_METROS } from "../../base/config/metroConfig";
import { UnikernelError, errorMessage } from "../../base/errors";
import { parseBaseUrl } from "../../base/config/limits";
import { closestMatch } from "../../base/spelling";
import { isLoopbackUrl } from "../../base/hostNames";
import type { ItemOf } from "../../contract/routes";
import type { ApiEndpoint } from "./sendRequest";

/** A metro, as the control plane lists it. */
export type MetroItem = ItemOf<"getMetros">;

/** Limit of the lookup; after that the conventional address is used. */
const DISCOVERY_TIMEOUT_MS = 10_000;

/** A metro whose address has not been looked up yet. */
export interface UndiscoveredMetro {
  /** Its code as configured. */
  readonly metro: string;
  /** Its conventional address, used if the lookup fails. */
  readonly url: string;
  /** Bearer token, also for the control plane. Secret. */
  readonly token: string;
}

/**
 * Returns a function that looks up a metro's address on its first call and caches it.
 *
 * If the control plane does not respond, the conventional address is used; if that fails too, the error reports that it was a
 * guess. Rejects with `CONFIG_INVALID` for a code that the control plane does not know.
 */
export function createMetroResolver(
  { metro, url, token }: UndiscoveredMetro,
  listMetros: (signal: AbortSignal) => Promise<readonly MetroItem[]>,
): () => Promise<ApiEndpoint> {
  const queryControlPlane = async (): Promise<ApiEndpoint> => {
    let metros: readonly MetroItem[];
    try {
      metros = await listMetros(AbortSignal.timeout(DISCOVERY_TIMEOUT_MS));
    } catch (error) {
      const reason = errorMessage(error);
      const note = `${describeUnusualMetro(metro)} This address is a guess, because the control plane could not be queried: ${reason}`;
      return { url, token, note };
    }
    return { url: findMetroUrl(metro, metros), token };
  };
  let endpoint: Promise<ApiEndpoint> | undefined;
  return () => (endpoint ??= queryControlPlane());
}

/** A sentence about a code that may be misspelt, while nobody can say which metros there are. */
function describeUnusualMetro(metro: string): string {
  const suggestion = closestMatch(metro, [...KNOWN_METROS, "local"]);
  const known = `Metro '${metro}' is not among the usual ones: ${KNOWN_METROS.join(", ")}, local.`;
  return suggestion === undefined ? known : `${known} Did you mean '${suggestion}'?`;
}

/**
 * The base URL of a metro in the control plane's list, by its name or else by its IATA airport code. Pure.
 *
 * Throws `CONFIG_INVALID` with the known metros if it is not listed; `API_SHAPE` for an address that would expose the token (not
 * HTTPS).
 */
export function findMetroUrl(metro: string, metros: readonly MetroItem[]): string {
  const found =
    metros.find(({ name }) => name === metro) ?? metros.find(({ iata_code }) => iata_code?.toLowerCase() === metro);
  if (found === undefined) {
    const names = [...new Set([...metros.map(({ name }) => name), ...(metros.length === 0 ? KNOWN_METROS : [])])];
    const suggestion = closestMatch(metro, [...names, "local"]);
    throw new UnikernelError("CONFIG_INVALID", `Unknown metro '${metro}'. Known metros: ${names.sort().join(", ")}.`, {
      property: "unikernel:metro",
      hint: `${suggestion === undefined ? "" : `Did you mean '${suggestion}'? `}Or give the URL of its API.`,
    });
  }
  const { endpoint } = found;
  const url = parseBaseUrl(endpoint.includes("://") ? endpoint : `https://${endpoint}`);
  if (url !== undefined && (url.startsWith("https:") || isLoopbackUrl(url))) return url;
  throw new UnikernelError("API_SHAPE", `The control plane returned an unusable address for metro '${metro}'.`, {
    hint: "Give the URL of its API in unikernel:metro.",
  });
}
