/** Where credentials of registries come from. */
import { type CredentialSource, type RegistryCredentials, findByKey, metroCredentials } from "./credentials";
import { dockerCredentials } from "./dockerConfig";

/** Anonymous access. */
export const anonymous: CredentialSource = () => Promise.resolve(undefined);

/** Settings of {@link createCredentialSource}. */
export interface CredentialSettings {
  /** Explicit credentials by host (with port if any), or by host and path. They win. Secret. */
  readonly explicit?: Readonly<Record<string, RegistryCredentials>>;
  /** Token of the cloud metro in use, for the vendor's registries; `undefined` for none. Secret. */
  readonly metroToken?: string | undefined;
  /** Organisation of the account, the user at the index of a metro's node; `undefined` if not known. */
  readonly organisation?: string | undefined;
}

/**
 * Credentials in order of precedence: explicit ones, the metro's token for the vendor's registries, Docker's and Podman's files with
 * their helpers.
 */
export const createCredentialSource =
  ({ explicit = {}, metroToken, organisation }: CredentialSettings = {}): CredentialSource =>
  async (endpoint, signal) =>
    findByKey(explicit, endpoint) ??
    (metroToken === undefined ? undefined : metroCredentials(endpoint.registry, metroToken, organisation)) ??
    dockerCredentials(endpoint, signal);
