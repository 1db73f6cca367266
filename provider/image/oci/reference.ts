/**
 * Image references: `[oci://][host[:port]/]path[:tag][@sha256:…]`.
 *
 * The first part is a host if it is `localhost`, or contains `.`, `:` or an upper-case letter, as in the unikraft CLI.
 * Tag rule: OCI distribution-spec 1.1, "Pulling manifests".
 */
import { type Digest, isDigest } from "../../base/digest";
import { UnikernelError } from "../../base/errors";

/** A parsed image reference. Without tag and digest it means the tag `latest`. */
export interface Reference {
  /** Host, with port if any; `undefined` for the default registry. */
  readonly registry?: string;
  /** Lower-case path: `nginx`, `official/base`. */
  readonly repository: string;
  readonly tag?: string;
  /** Takes precedence over the tag. */
  readonly digest?: Digest;
}

const SEGMENT = /^[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?$/;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;
const HOST =
  /^(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*|\[[0-9a-fA-F:]+\])(?::[0-9]{1,5})?$/;
const MAX_REPOSITORY = 255;

/** The vendor's registry, for names without a host. Source: unikraft CLI. */
export const DEFAULT_REGISTRY = "index.unikraft.io";

/** Hosts of the vendor's registry, which canonical names omit. */
const VENDOR_HOSTS: readonly string[] = [DEFAULT_REGISTRY, "unikraft.io"];

const looksLikeHost = (part: string): boolean => part === "localhost" || /[.:A-Z]/.test(part);

/** Hides `user:password@`; what follows the `@` of a reference is a digest. */
const withoutPassword = (text: string): string =>
  text.replace(/^([a-z+-]+:\/\/)?[^/@\s]*:[^/@\s]*@(?!sha256:)/, "$1[secret]@");

/** Parses an image reference. Throws `INPUT_INVALID` with the reason. */
export function parseReference(text: string): Reference {
  const invalidReference = (what: string): UnikernelError =>
    new UnikernelError("INPUT_INVALID", `'${withoutPassword(text)}' is not an image reference: ${what}.`, {
      hint: "Write 'name:tag', 'organisation/name:tag', 'host:port/name:tag', or any of these with '@sha256:…'.",
    });
  const [name = "", digest, ...more] = text.replace(/^oci:\/\//, "").split("@");
  if (more.length > 0) throw invalidReference("it has more than one '@'");
  if (digest !== undefined && !isDigest(digest))
    throw invalidReference("what follows '@' is not 'sha256:' and 64 hexadecimal digits");
  const slash = name.indexOf("/");
  const registry = slash > 0 && looksLikeHost(name.slice(0, slash)) ? name.slice(0, slash) : undefined;
  if (registry !== undefined && !HOST.test(registry)) throw invalidReference(`'${registry}' is not a host`);
  const rest = registry === undefined ? name : name.slice(slash + 1);
  const colon = rest.indexOf(":", rest.lastIndexOf("/") + 1);
  const repository = colon < 0 ? rest : rest.slice(0, colon);
  const tag = colon < 0 ? undefined : rest.slice(colon + 1);
  if (tag !== undefined && !TAG.test(tag)) throw invalidReference(`'${tag}' is not a tag`);
  if (/[A-Z]/.test(repository)) throw invalidReference("the repository must be lower case");
  if (repository.length > MAX_REPOSITORY)
    throw invalidReference(`the repository has more than ${MAX_REPOSITORY} characters`);
  if (!repository.split("/").every((segment) => SEGMENT.test(segment))) {
    throw invalidReference(
      "each part of the repository may contain only 'a-z0-9._-' and must not start or end with one of '._-'",
    );
  }
  return {
    ...(registry === undefined ? {} : { registry }),
    repository,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  };
}

/** Formats a reference; the inverse of {@link parseReference}. */
export function formatReference({ registry, repository, tag, digest }: Reference): string {
  const name = registry === undefined ? repository : `${registry}/${repository}`;
  return `${name}${tag === undefined ? "" : `:${tag}`}${digest === undefined ? "" : `@${digest}`}`;
}

/**
 * The canonical name of a repository, used in layouts: without the vendor's host (unless the rest begins like a host) and without
 * `official/`, which are optional in a reference to the same image. Source: unikraft cloud documentation, "Image references".
 */
export function canonicalRepository({ registry, repository }: Reference): string {
  if (registry !== undefined && !VENDOR_HOSTS.includes(registry)) return `${registry}/${repository}`;
  // Users of the vendor's registry may be named like hosts: `acme.example/shop` alone would mean another registry.
  const [first = "", ...rest] = repository.split("/");
  if (rest.length > 0 && looksLikeHost(first)) return `${DEFAULT_REGISTRY}/${repository}`;
  return repository.replace(/^official\/(?=[^/]+$)/, "");
}
