/** The repository that an image is pushed to. Pure. */
import { UnikernelError } from "../../base/errors";
import { DEFAULT_REGISTRY, formatReference, parseReference } from "../oci/reference";
import { userOfMetroToken } from "./auth/credentials";

/** What decides the repository of an image. */
export interface RepositoryChoice {
  /** Name of the image, the last part of the default repository. */
  readonly name: string;
  /** The user's own choice: a repository of any registry, without tag and digest. `undefined` for the default. */
  readonly repository?: string | undefined;
  /** Token of the cloud metro, which contains the user. Secret. */
  readonly metroToken?: string | undefined;
  /** Organisation of the account; wins over the token's user. `undefined` if not known. */
  readonly organisation?: string | undefined;
}

/**
 * The full repository of an image: the user's choice, or `index.unikraft.io/<user>/<name>`. A choice without a host is in the vendor's
 * registry too.
 *
 * Throws `INPUT_INVALID` when the choice is not a repository, or when there is neither a choice nor a known user.
 */
export function imageRepository({ name, repository, metroToken, organisation }: RepositoryChoice): string {
  if (repository !== undefined) {
    const { registry = DEFAULT_REGISTRY, repository: path, tag, digest } = parseReference(repository);
    if (tag === undefined && digest === undefined) return formatReference({ registry, repository: path });
    throw new UnikernelError("INPUT_INVALID", `'${repository}' must name a repository, without tag and digest.`, {
      property: "repository",
      hint: "Images are pushed by digest, with the tag 'latest'.",
    });
  }
  const user = organisation ?? (metroToken === undefined ? undefined : userOfMetroToken(metroToken));
  if (user === undefined) {
    throw new UnikernelError(
      "INPUT_INVALID",
      `The repository of image '${name}' is not known: the metro has no token that names a user of the vendor's registry.`,
      {
        property: "repository",
        hint: "Set 'repository', such as 'index.unikraft.io/<organisation>/<name>'.",
      },
    );
  }
  const full = `${DEFAULT_REGISTRY}/${user}/${name}`;
  parseReference(full);
  return full;
}
