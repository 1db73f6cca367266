/** How images are looked at in their registries before anything is stored. */
import { createCredentialSource } from "../../image/registry/auth/credentialSource";
import { decodeUserAndPassword } from "../../image/registry/auth/credentials";
import type { RegistryAccess } from "../../image/registry/pull";

/** Longest time to look at one image, in milliseconds: some documents, with a token for each at worst. */
const READ_TIMEOUT_MS = 10_000;

/** What {@link imageAccess} is made of. */
export interface ImageAccessParts {
  readonly registry: string;
  /** Base64 of `user:password` for this registry; `undefined` for those of Docker. Secret. */
  readonly credentials: string | undefined;
  /** The metro's token, for the registry of its vendor; `undefined`: that is not asked. Secret. */
  readonly metroToken?: string | undefined;
  /** Aborts when all operations are cancelled. */
  readonly signal: AbortSignal;
}

/** Access to a registry for one look, which ends after 10 s at the latest. */
export function imageAccess({ registry, credentials, metroToken, signal }: ImageAccessParts): RegistryAccess {
  const explicit = credentials === undefined ? undefined : decodeUserAndPassword(credentials);
  return {
    credentials: createCredentialSource({
      metroToken,
      explicit: explicit === undefined ? {} : { [registry]: { type: "password", ...explicit } },
    }),
    signal: AbortSignal.any([signal, AbortSignal.timeout(READ_TIMEOUT_MS)]),
  };
}

/**
 * Looks at each image once per process, also after a failure; again at what is `temporary`.
 *
 * @param look with the credentials for the image's registry, which are part of what is remembered
 */
export function rememberLooks<Options extends { readonly credentials?: string | undefined }, T>(
  look: (image: string, options: Options) => Promise<T>,
  isTemporary: (found: T, image: string) => boolean,
): (image: string, options: Options) => Promise<T> {
  const known = new Map<string, Promise<T>>();
  return async (image, options) => {
    const key = `${image} ${options.credentials ?? ""}`;
    const looking = known.get(key) ?? look(image, options);
    known.set(key, looking);
    const found = await looking;
    if (isTemporary(found, image)) known.delete(key);
    return found;
  };
}
