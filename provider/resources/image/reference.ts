/** Where a GatewayImage is stored, and the reference by which instances and services name it. Pure. */
import { type MetroIdentity, vendorToken } from "../../base/config/metroConfig";
import { UnikernelError } from "../../base/errors";
import type { CheckFailure, ExclusiveValue, Properties } from "../../definition/resource";
import { containsUnknown } from "../../definition/unknowns";
import { parseReference } from "../../image/oci/reference";
import { imageRepository } from "../../image/registry/repositoryName";
import type { ImageInputs } from "./inputs";

/** Where an image is stored. */
export interface ImageDestination {
  /** Repository, the part of `ref` before `@`: the image's name, or a repository with its registry's host. */
  readonly repository: string;
  /** True if the image is pushed to a registry; false if only this machine has it. */
  readonly isPushed: boolean;
}

/**
 * Where an image is stored: in the repository that the inputs name, or else on this machine for `local`, and in
 * `index.unikraft.io/<user>/<name>` for any other metro.
 *
 * Throws `INPUT_INVALID` if `repository` is not a repository, or if the metro's token names no user and there is no `repository`.
 */
export function imageDestination(
  { name = "", repository }: Pick<ImageInputs, "name" | "repository">,
  metro: MetroIdentity,
): ImageDestination {
  if (repository === undefined && metro.metro === "local") return { repository: name, isPushed: false };
  return { repository: imageRepository({ name, repository, metroToken: vendorToken(metro) }), isPushed: true };
}

/** Where an existing image is stored: its id is the repository. */
export const destinationOfId = (id: string): ImageDestination => ({
  repository: id,
  isPushed: parseReference(id).registry !== undefined,
});

/** The reference of an image, `<repository>@<digest>`. */
export const imageRef = ({ repository }: Pick<ImageDestination, "repository">, digest: string): string =>
  `${repository}@${digest}`;

/** What is wrong with the destination of inputs that may contain unknown values. */
export function destinationFailures(
  { name, repository, attestation }: Properties,
  metro: MetroIdentity,
): readonly CheckFailure[] {
  if (containsUnknown(repository)) return [];
  const known = typeof name === "string" && !containsUnknown(name) ? name : "image";
  try {
    const { isPushed } = imageDestination({ name: known, repository: repository as string | undefined }, metro);
    if (isPushed || attestation === undefined) return [];
    return [{ property: "attestation", reason: "needs a registry, which has the image; set 'repository'." }];
  } catch (error) {
    if (!UnikernelError.has(error, "INPUT_INVALID")) throw error;
    const reason = error.hint === undefined ? error.message : `${error.message} ${error.hint}`;
    return [{ code: error.code, property: error.property ?? "repository", reason }];
  }
}

/** The repository of an image, which no other image of the program may have; `undefined` while it is not known. */
export function exclusiveRepository(
  { name, repository }: Properties,
  metro: MetroIdentity,
): ExclusiveValue | undefined {
  if (containsUnknown([name, repository])) return undefined;
  const given = { name: name as string | undefined, repository: repository as string | undefined };
  try {
    const destination = imageDestination(given, metro);
    return {
      property: repository === undefined ? "name" : "repository",
      value: destination.repository,
      isOnThisMachine: !destination.isPushed,
    };
  } catch (error) {
    if (UnikernelError.is(error)) return undefined; // destinationFailures reports it
    throw error;
  }
}
