/** Images of registries, pulled for the instances of this platform and kept while one runs them; and `linux:latest`, which is built. */
import { UnikernelError } from "../base/errors";
import { abortable } from "../base/timeout";
import { type Layout, openLayout } from "../image/oci/layout";
import { putLinuxImage } from "../image/runtime/linuxImage";
import { LINUX_RUNTIME, isStandInRuntime } from "../image/runtimeImage";
import { parseReference } from "../image/oci/reference";
import type { StoredImage } from "../image/oci/storedImage";
import { createCredentialSource } from "../image/registry/auth/credentialSource";
import { decodeUserAndPassword, type RegistryCredentials } from "../image/registry/auth/credentials";
import { resolveEndpoint } from "../image/registry/endpoint";
import { type RegistryAccess, pullRuntime } from "../image/registry/pull";

/** An image that nobody uses is kept this long after its last resolution: the create that asked for it may still be unpacking it. */
const UNUSED_GRACE_MS = 10 * 60_000;

/** How an image is fetched. */
export interface PullRequest {
  /** `if_not_present` and `never` use what was pulled before. `undefined`: `always` for a tag, `if_not_present` for a digest. */
  readonly policy?: "always" | "if_not_present" | "never" | undefined;
  /** Base64 of `user:password`, or a token. `undefined`: what Docker's configuration holds. Secret. */
  readonly credentials?: string | undefined;
  /** Aborts the pull. */
  readonly signal: AbortSignal;
}

/** The pulled images of one platform. */
export class PulledImages {
  readonly #layout: Layout;
  readonly #now: () => number;
  /** The digest of `linux:latest`; `undefined` before it was asked for. */
  #packing: Promise<string> | undefined;
  readonly #pulls = new Map<string, Promise<StoredImage>>();
  /** When a digest was last resolved. */
  readonly #resolvedMs = new Map<string, number>();

  constructor(folder: string, now: () => number = Date.now) {
    this.#layout = openLayout(folder);
    this.#now = now;
  }

  /**
   * The image of a reference, pulled if necessary; concurrent requests for one reference share the pull. `undefined` if the registry
   * does not have it, or if the policy is `never` and it was not pulled before. A tag whose registry cannot be reached is the image
   * that it was last time.
   *
   * Throws `INPUT_INVALID` (no reference), and what `pullRuntime` and `putLinuxImage` throw.
   */
  async resolve(reference: string, { policy, credentials, signal }: PullRequest): Promise<StoredImage | undefined> {
    if (isStandInRuntime(reference) && policy !== "never") return this.#note(await this.#linux(reference, signal));
    const parsed = parseReference(reference);
    const present = await this.#layout.resolve(reference);
    const usesPresent = policy === undefined ? parsed.digest !== undefined : policy !== "always";
    if (policy === "never" || (usesPresent && present !== undefined)) return this.#note(present);
    const { registry } = resolveEndpoint(parsed);
    const explicit = credentials === undefined ? {} : { [registry]: toCredentials(credentials) };
    try {
      return this.#note(await this.#pull(reference, { credentials: createCredentialSource({ explicit }), signal }));
    } catch (error) {
      if (UnikernelError.has(error, "NOT_FOUND")) return undefined;
      if (present !== undefined && UnikernelError.has(error, "API_UNREACHABLE")) return this.#note(present);
      throw error;
    }
  }

  /** All pulled images. */
  list(): Promise<readonly StoredImage[]> {
    return this.#layout.list();
  }

  /** Removes the images that are not used and were not resolved recently. */
  async removeUnused(isUsed: (digest: string) => boolean): Promise<void> {
    const isRecent = (digest: string): boolean =>
      this.#now() - (this.#resolvedMs.get(digest) ?? Number.NEGATIVE_INFINITY) < UNUSED_GRACE_MS;
    const isKept = (digest: string): boolean => isUsed(digest) || isRecent(digest);
    const unused = (await this.#layout.list()).filter(({ digest }) => !isKept(digest));
    for (const repository of new Set(unused.map((image) => image.repository))) {
      await this.#layout.remove(repository, isKept);
    }
  }

  /** `linux:latest`, which no registry has. It is packed once per daemon, unless it was removed meanwhile. */
  async #linux(reference: string, signal: AbortSignal): Promise<StoredImage> {
    this.#packing ??= putLinuxImage(this.#layout).catch((error: unknown) => {
      this.#packing = undefined;
      throw error;
    });
    const digest = await abortable(this.#packing, signal); // others may wait for it too
    const stored = await this.#layout.resolve(reference);
    if (stored?.digest === digest) return stored;
    if ((await this.#layout.resolve(`${LINUX_RUNTIME}@${digest}`)) !== undefined) throw noSuchLinux(reference, digest);
    this.#packing = undefined;
    return this.#linux(reference, signal);
  }

  #note(image: StoredImage | undefined): StoredImage | undefined {
    if (image !== undefined) this.#resolvedMs.set(image.digest, this.#now());
    return image;
  }

  #pull(reference: string, access: RegistryAccess): Promise<StoredImage> {
    const running = this.#pulls.get(reference);
    if (running !== undefined) return running;
    const pull = pullRuntime(reference, this.#layout, access).finally(() => this.#pulls.delete(reference));
    this.#pulls.set(reference, pull);
    return pull;
  }
}

const noSuchLinux = (reference: string, digest: string): UnikernelError =>
  new UnikernelError(
    "RUNTIME_UNAVAILABLE",
    `There is no image '${reference}': this machine builds only ${LINUX_RUNTIME}:latest, which is ${LINUX_RUNTIME}@${digest}.`,
    { hint: `Use '${LINUX_RUNTIME}:latest'.` },
  );

function toCredentials(text: string): RegistryCredentials {
  const decoded = decodeUserAndPassword(text);
  return decoded === undefined ? { type: "registryToken", token: text } : { type: "password", ...decoded };
}
