/** Warns of a short image name that metro `local` does not have, which often is a misspelt name and not an official image. */
import { localPaths } from "../../../base/localPaths";
import { openLayout } from "../../../image/oci/layout";
import { parseReference } from "../../../image/oci/reference";
import { isStandInRuntime } from "../../../image/runtimeImage";
import { resolveEndpoint } from "../../../image/registry/endpoint";
import type { ProviderContext } from "../../context";

/**
 * A sentence for a name without host and digest that was neither built nor pulled on this machine; `undefined` for other names and
 * metros. A name with a digest may be an image that the program is about to build.
 */
export async function describeMissingImage(
  { metro, imageLayout }: Pick<ProviderContext, "metro" | "imageLayout">,
  image: string,
  property: string,
): Promise<string | undefined> {
  if (metro !== "local") return undefined;
  const reference = parseReference(image);
  if (isStandInRuntime(image)) return undefined; // it is built when it is needed
  if (reference.registry !== undefined || reference.digest !== undefined) return undefined;
  for (const folder of [imageLayout, localPaths().pulledImagesDir])
    if ((await openLayout(folder).resolve(image)) !== undefined) return undefined;
  const { registry, repository } = resolveEndpoint(reference);
  return `${property}: no image '${image}' was built on this machine, so metro 'local' will ask ${registry}/${repository} for it. Build it with a GatewayImage and use its 'ref', or name a registry.`;
}
