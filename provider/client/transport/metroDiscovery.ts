/** Where a metro's API is when only the control plane knows. */
import { KNOWN_METROS } from "../../base/config/metroConfig";
import { UnikernelError, errorMessage } from "../../base/errors";
import { parseBaseUrl } from "../../base/config/limits";
import { closestMatch } from "../../base/spelling";
import { isLoopbackUrl } from "../../base/hostNames";
import type { ItemOf } from "../../contract/routes";
import type { ApiEndpoint } from "./sendRequest";

/** A metro, as the control plane lists it. */
export type MetroItem = ItemOf<"getMetros">;

/** How long finding an address may take; after that the usual one is tried. */
const DISCOVERY_TIMEOUT_MS = 10_000;

/** What is known of a metro before the control plane was asked. */
export interface UndiscoveredMetro {
  /** Its code, as the user wrote it. */
  readonly metro: string;
  /** The address that it would have by convention. */
  readonly url: string;
  readonly token: string;
}

/**
 * Finds a metro's address with the first call and remembers it.
 *
 * A control plane that does not answer is no reason to give up: the conventional address is taken, and should that fail too, the
 * error says that it was a guess. Rejects with `CONFIG_INVALID` for a code that the control plane does not know.
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
      return { url, token, note: `This address is a guess, since the control plane was of no help: ${reason}` };
    }
    return { url: findMetroUrl(metro, metros), token };
  };
  let found: Promise<ApiEndpoint> | undefined;
  return () => (found ??= queryControlPlane());
}

/**
 * The base URL of a metro in the control plane's list, by its name or else by its airport's code. Pure.
 *
 * Throws `CONFIG_INVALID` with the metros that there are; `API_SHAPE` for an address that would send the token in clear.
 */
export function findMetroUrl(metro: string, metros: readonly MetroItem[]): string {
  const found =
    metros.find(({ name }) => name === metro) ?? metros.find(({ iata_code }) => iata_code?.toLowerCase() === metro);
  if (found === undefined) {
    const names = [...new Set([...metros.map(({ name }) => name), ...(metros.length === 0 ? KNOWN_METROS : [])])];
    const meant = closestMatch(metro, names);
    throw new UnikernelError("CONFIG_INVALID", `There is no metro '${metro}'. There are: ${names.sort().join(", ")}.`, {
      property: "unikernel:metro",
      hint: `${meant === undefined ? "" : `Did you mean '${meant}'? `}Or give the URL of its API.`,
    });
  }
  const { endpoint } = found;
  const url = parseBaseUrl(endpoint.includes("://") ? endpoint : `https://${endpoint}`);
  if (url !== undefined && (url.startsWith("https:") || isLoopbackUrl(url))) return url;
  throw new UnikernelError("API_SHAPE", `The control plane gives metro '${metro}' an address that cannot be used.`, {
    hint: "Give the URL of its API in unikernel:metro.",
  });
}
