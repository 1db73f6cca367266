/** Credentials of registries: what they are, and those in the token of a metro. */
import { DEFAULT_REGISTRY } from "../../oci/reference";
import type { Endpoint } from "../endpoint";

/** Credentials of one registry. Secret. */
export type RegistryCredentials =
  | { readonly type: "password"; readonly username: string; readonly password: string }
  /** A refresh token of OAuth 2.0, which the token server exchanges for an access token. */
  | { readonly type: "identityToken"; readonly token: string }
  /** An access token, sent as it is. */
  | { readonly type: "registryToken"; readonly token: string };

/** Finds credentials for a repository; `undefined` for anonymous access. Called once per registry and repository, when one asks. */
export type CredentialSource = (endpoint: Endpoint, signal?: AbortSignal) => Promise<RegistryCredentials | undefined>;

/** Keys under which credentials of a repository may be listed, the most specific first: `host/a/b`, `host/a`, `host`. */
export function credentialKeys({ registry, repository }: Endpoint): readonly string[] {
  const parts = repository.split("/");
  return [...parts.map((_part, at) => [registry, ...parts.slice(0, parts.length - at)].join("/")), registry];
}

/** The member of a record for a repository; `undefined` if no key covers it. */
export function findByKey<T>(record: Readonly<Record<string, T>>, endpoint: Endpoint): T | undefined {
  const key = credentialKeys(endpoint).find((name) => Object.hasOwn(record, name));
  return key === undefined ? undefined : record[key];
}

/** The vendor's registry under both of its names. Source: unikraft CLI. */
const isVendorRegistry = (registry: string): boolean => [DEFAULT_REGISTRY, "unikraft.io"].includes(registry);
/** The index of a metro's node. Source: unikraft CLI. */
const isMetroIndex = (registry: string): boolean => /^index\.[a-z0-9.-]+\.unikraft\.cloud$/.test(registry);
/** True for the registries whose images metros list: the vendor's, and the index of a metro's node. */
export const isMetroRegistry = (registry: string): boolean => isVendorRegistry(registry) || isMetroIndex(registry);

/**
 * The credentials that a metro's token contains for the vendor's registries: the token is base64 of `user:password`. At the index of
 * a metro's node, the user is the organisation and the password the token itself. `undefined` for other registries. Pure.
 *
 * Source: unikraft CLI, registry authentication.
 */
export function metroCredentials(
  registry: string,
  metroToken: string,
  organisation?: string,
): RegistryCredentials | undefined {
  const decoded = decodeUserAndPassword(metroToken);
  const username = organisation ?? userOfMetroToken(metroToken);
  if (isVendorRegistry(registry) && decoded !== undefined) return { type: "password", ...decoded };
  if (isMetroRegistry(registry) && username !== undefined) {
    return { type: "password", username, password: metroToken };
  }
  return undefined;
}

/**
 * The user of a metro's token, which is the first part of default repositories: `acme` of `robot$acme.users.kraftcloud`. `undefined` if
 * the token contains none. Pure.
 *
 * Source: KraftKit, `kraft cloud deploy`.
 */
export const userOfMetroToken = (metroToken: string): string | undefined =>
  decodeUserAndPassword(metroToken)
    ?.username.replace(/^robot\$/, "")
    .replace(/\.users\.kraftcloud$/, "");

/** Decodes base64 of `user:password`; `undefined` for anything else. Pure. */
export function decodeUserAndPassword(text: string): { username: string; password: string } | undefined {
  if (!/^[A-Za-z0-9+/_-]+={0,2}\0*$/.test(text.trim())) return undefined;
  const decoded = Buffer.from(text.trim(), "base64").toString("utf8").replace(/\0+$/, "");
  const colon = decoded.indexOf(":");
  if (colon < 1 || /[\p{Cc}\uFFFD]/u.test(decoded)) return undefined;
  return { username: decoded.slice(0, colon), password: decoded.slice(colon + 1) };
}
