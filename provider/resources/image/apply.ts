/** Builds a GatewayImage into the image layout. */
import { type BuiltImage, buildImage, planBuild } from "../../image/build";
import { resolveRuntime } from "../../image/resolveRuntime";
import type { ProviderContext } from "../context";
import type { ImageInputs } from "./inputs";

/** Builds the image that the inputs describe. */
export async function buildFromInputs(
  context: ProviderContext,
  { context: folder, files, name = "" }: ImageInputs,
): Promise<BuiltImage> {
  const plan = await planBuild({ context: folder, files, name });
  return buildImage(plan, {
    layout: context.imageLayout,
    repository: name,
    resolveRuntime: (reference) => resolveRuntime(reference, { signal: context.signal }),
    ...(context.signal === undefined ? {} : { signal: context.signal }),
  });
}
