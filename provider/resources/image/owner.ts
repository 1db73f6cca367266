/**
 * Whose an image of metro `local` is. Its repository is its name, so that two resources with one name would share their images. Images in
 * a registry have no owner: several stacks may push to one repository.
 */
import { UnikernelError } from "../../base/errors";
import type { NameHolder } from "../../definition/resource";
import { deleteCommand } from "../../definition/naming";
import { type ClaimOptions, claimRepository, findOwner, isUnclaimed } from "../../image/oci/repositoryOwner";
import { finishedMark } from "../common/ownershipMark";
import type { ProviderContext } from "../context";
import type { ImageDestination } from "./reference";

type Place = Pick<ProviderContext, "imageLayout" | "ownership">;

/**
 * Makes the resource the owner of its repository. Throws `ALREADY_EXISTS` if another resource is, or if an
 * earlier release has made images there, unless the options say otherwise. Does nothing for an image in a registry, and where no identity is known.
 */
export async function claimImage(
  { imageLayout, ownership }: Place,
  { repository, isPushed }: ImageDestination,
  options: ClaimOptions = {},
): Promise<void> {
  if (isPushed || ownership === undefined) return;
  const mark = finishedMark(ownership);
  if ((await claimRepository(imageLayout, repository, mark, options)) === mark) return;
  throw takenError(repository);
}

/** Who has made the images of a repository of this machine: "unmarked" if nobody has claimed them, `undefined` if there are none. */
export async function findImageHolder(
  { imageLayout, ownership }: Place,
  repository: string,
): Promise<NameHolder | undefined> {
  const owner = await findOwner(imageLayout, repository);
  if (owner === undefined) return (await isUnclaimed(imageLayout, repository)) ? "unmarked" : undefined;
  return ownership !== undefined && owner === finishedMark(ownership) ? "finished" : "managed";
}

/** The error for a name that another resource of this machine has. */
export function takenError(name: string): UnikernelError {
  const command = deleteCommand({ kind: "Image", name, metro: "local" });
  return new UnikernelError("ALREADY_EXISTS", `image '${name}' exists on this machine already.`, {
    property: "name",
    hint: `Another resource created it: choose another name, or leave the name out. If no stack has it any more, delete it: ${command}`,
  });
}
