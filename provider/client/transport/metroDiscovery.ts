/** Where a metro's API is when only the control plane knows. */
import { KNOWN_METROS } from "../../base/config/metroConfig";
import { UnikernelError } from "../../base/errors";
import { baseUrl } from "../../base/config/limits";
import { nearest } from "../../base/spelling";
import { isLoopback } from "./httpExchange";
import type { ItemOf } from "../../contract/routes";
import type { ApiEndpoint } from "./sendRequest";

/** A metro, as the control plane lists it. */
export type MetroItem = ItemOf<"getMetros">;

/** How long finding an address may take; after that the usual one is tried. */
const DISCOVERY_LIMIT_MS = 10_000;

/** What is known of a metro before the control plane was asked. */
export interface Undiscovered {
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
export function discover(
  { metro, url, token }: Undiscovered,
  listMetros: (signal: AbortSignal) => Promise<readonly MetroItem[]>,
): () => Promise<ApiEndpoint> {
  const ask = async (): Promise<ApiEndpoint> => {
    let metros: readonly MetroItem[];
    try {
      metros = await listMetros(AbortSignal.timeout(DISCOVERY_LIMIT_MS));
    } catch (error) {
      const because = error instanceof Error ? error.message : String(error);
      return { url, token, note: `This address is a guess, since the control plane was of no help: ${because}` };
    }
    return { url: addressOf(metro, metros), token };
  };
  let found: Promise<ApiEndpoint> | undefined;
  return () => (found ??= ask());
}

/**
 * The base URL of a metro in the control plane's list, by its name or else by its airport's code. Pure.
 *
 * Throws `CONFIG_INVALID` with the metros that there are; `API_SHAPE` for an address that would send the token in clear.
 */
export function addressOf(metro: string, metros: readonly MetroItem[]): string {
  const found =
    metros.find(({ name }) => name === metro) ?? metros.find(({ iata_code }) => iata_code?.toLowerCase() === metro);
  if (found === undefined) {
    const names = [...new Set([...metros.map(({ name }) => name), ...(metros.length === 0 ? KNOWN_METROS : [])])];
    const meant = nearest(metro, names);
    throw new UnikernelError("CONFIG_INVALID", `There is no metro '${metro}'. There are: ${names.sort().join(", ")}.`, {
      property: "unikernel:metro",
      hint: `${meant === undefined ? "" : `Did you mean '${meant}'? `}Or give the URL of its API.`,
    });
  }
  const { endpoint } = found;
  const url = baseUrl(endpoint.includes("://") ? endpoint : `https://${endpoint}`);
  if (url !== undefined && (url.startsWith("https:") || isLoopback(url))) return url;
  throw new UnikernelError("API_SHAPE", `The control plane gives metro '${metro}' an address that cannot be used.`, {
    hint: "Give the URL of its API in unikernel:metro.",
  });
}
