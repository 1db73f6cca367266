/** How a Service is created. */
import { UnikernelError } from "../../base/errors";
import { onlyItem } from "../../client/client";
import { createOrRecover } from "../../client/transport/createOrRecover";
import type { ServiceItem } from "../../contract/models";
import { listInstances } from "../../rollout/members/instances";
import { createOrResume } from "../common/createOrResume";
import { findService } from "../common/find";
import { type ProviderContext, forCleanup, withTimeLimit } from "../context";
import { waitForImage } from "../workload/waitForImage";
import { adoptExisting } from "./adoptService";
import { isSameGroup, serviceHolder } from "./holder";
import { newHashKey } from "./hashKey";
import { initFailure } from "./initFailure";
import type { ServiceInputs } from "./inputs";
import { createErrorContext, observeService, patchServiceGroup, refetchService } from "./operations";
import { toOutputs } from "./outputs";
import { planServiceGroup } from "./plan";
import { reconcileReplicas, rolloutTimeoutMs } from "./reconcile";
import { withRolloutLock } from "./rollout/lock";
import { isManaged, observedInputs, toCreateRequest } from "./wire";

const rootCause = (error: unknown): unknown =>
  UnikernelError.has(error, "ROLLOUT_FAILED") && UnikernelError.is(error.cause) ? error.cause : error;

/** Creates a service with its replicas, or adopts an existing one. A service without replicas does not outlive a failure. */
export async function createService(unlimited: ProviderContext, inputs: ServiceInputs) {
  const adopted = inputs.adopt ? await adoptExisting(unlimited, inputs) : undefined;
  if (adopted !== undefined) return adopted;
  const { name = "" } = inputs;
  await waitForImage(unlimited, inputs.template?.image, `Service '${name}'`);
  const timeoutMs = rolloutTimeoutMs(unlimited.timeouts.createMs, { ...inputs, replicas: 0 }, inputs);
  const context = withTimeLimit(unlimited, timeoutMs, `Creating service '${name}'`);
  const { client } = context;
  let resumed: ServiceItem | undefined;
  const created = await createOrResume<ServiceItem>(context, {
    kind: "Service",
    name,
    create: () =>
      createOrRecover<ServiceItem>(
        context,
        async () =>
          onlyItem(await client.createService({ body: toCreateRequest(inputs) }), `Creating service '${name}'`),
        async () => (await client.getServices({ query: { name: [name] } })).items[0],
        (found) => isSameGroup(found, inputs),
      ),
    findHolder: async () => {
      const object = await findService(context, name);
      return object && { object, holder: await serviceHolder(context, object, inputs) };
    },
    // All of a group can be changed in place.
    resume: (found) => Promise.resolve((resumed = found)),
    discard: () => Promise.resolve(),
    errorContexts: createErrorContext(inputs, context.metro),
  });
  let item = created;
  const hashKey = newHashKey();
  try {
    item = await refetchService(context, created.uuid, `Reading service '${name}'`);
    const found = resumed && observedInputs(await observeService(context, item, inputs), inputs, hashKey);
    if (found !== undefined)
      for (const change of planServiceGroup(found, inputs)) await patchServiceGroup(context, item, change, inputs);
    const autoscale = found?.autoscale;
    // Nobody else knows a new service, so nobody else can roll it out.
    const isShared = resumed !== undefined;
    const outputs = await withRolloutLock(context, item, { limitMs: timeoutMs, isShared }, async (stop) => {
      if (isShared) await stop.lock();
      const { createMs } = context.timeouts;
      const since = { oldTemplate: inputs.template, oldRollout: undefined };
      const options = { timeoutMs: createMs, isCreate: true, stop, limitMs: timeoutMs, hashKey, ...since };
      return reconcileReplicas(context, item, { ...inputs, autoscale }, inputs, options);
    });
    return { id: item.uuid, outputs };
  } catch (error) {
    const cleanup = forCleanup(context);
    const remaining = await listInstances(cleanup, item, isManaged).catch(() => undefined);
    if (remaining?.length === 0) {
      // It has no instances: delete it, so that the next up creates a new one.
      const reply = await cleanup.client.deleteServices({ body: [{ uuid: item.uuid }] }).catch(() => undefined);
      // There were no old replicas, so the rollout's own message would add nothing to the cause.
      if (reply !== undefined && reply.items[0]?.status !== "error") throw rootCause(error);
    }
    // As far as is known, the group exists without instances.
    const group = { ...inputs, replicas: 0, autoscale: undefined };
    throw await initFailure(
      context,
      item,
      inputs,
      { inputs: group, outputs: toOutputs(item, inputs.ports, [], { hashKey, template: inputs.template }), hashKey },
      error,
    );
  }
}
