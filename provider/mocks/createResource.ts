/** Creates one resource in a mock metro, with the provider's own code wherever the metro is all that it needs. */
import { digestOf } from "../base/digest";
import type { Properties } from "../definition/resource";
import type { AnyResource } from "../resources/all";
import type { ProviderContext } from "../resources/context";
import type { ImageInputs } from "../resources/image/inputs";
import { toOutputs as toImageOutputs } from "../resources/image/outputs";
import { imageDestination } from "../resources/image/reference";
import type { WaveInputs } from "../resources/wave/inputs";
import { revisionsByTag } from "../resources/wave/outputs";
// Loaded with the mocks, and not with the first resource: a runner's time limit counts for a test, and not for imports.
import "../resources/instance/lifecycle";
import "../resources/service/lifecycle";
import { CREATED_AT } from "./api/objects";
import type { World } from "./api/world";

/** What a create returns. */
export interface Created {
  readonly id: string;
  readonly outputs: Properties;
}

/** Size that an image has which nobody builds. */
const IMAGE_SIZE_BYTES = 0;

/**
 * An image is not built. Where the preview does not know its digest, as on a machine without the runtime, one derives from the hash of its build
 * inputs: as of a built image, it says nothing of the name.
 */
function createImage({ metro, metroToken }: ProviderContext, inputs: ImageInputs): Created {
  const destination = imageDestination(inputs, { metro, token: metroToken });
  const { contextHash = "" } = inputs;
  const digest = inputs.digest ?? digestOf(contextHash || destination.repository);
  const outputs = toImageOutputs(destination, { digest, contextHash, sizeBytes: IMAGE_SIZE_BYTES }, [digest]);
  return { id: destination.repository, outputs };
}

/** A wave passes at once: nothing is asked of guests that do not exist. */
const createWave = (inputs: WaveInputs): Created => ({
  id: `${inputs.name}-wave`,
  outputs: { passedAt: CREATED_AT, revisions: revisionsByTag(inputs) },
});

/** The inputs without what is asked of a guest through the network. */
function withoutProbes({ kind }: AnyResource, inputs: Properties): Properties {
  const { rollout, waitFor } = inputs;
  if (kind === "Instance" && waitFor === "answering") return { ...inputs, waitFor: "running" };
  if (kind !== "Service" || rollout === undefined) return inputs;
  return { ...inputs, rollout: { ...(rollout as Properties), gate: undefined } };
}

/**
 * Creates the resource. Rejects as `pulumi up` does, such as for a volume that the metro does not have.
 *
 * @param inputs checked and complete
 */
export async function createResource(
  resource: AnyResource,
  context: ProviderContext,
  world: World,
  inputs: Properties,
): Promise<Created> {
  if (resource.kind === "GatewayImage") return createImage(context, inputs as unknown as ImageInputs);
  if (resource.kind === "RolloutWave") return createWave(inputs as unknown as WaveInputs);
  if (inputs["waitFor"] === "completed") world.jobs.add(String(inputs["name"]));
  return resource.create(context, withoutProbes(resource, inputs));
}
