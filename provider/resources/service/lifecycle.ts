/** How a Service is created, read, updated and deleted. */
import type { Lifecycle } from "../../definition/resource";
import { findService } from "../common/find";
import { describeSteps } from "../common/patchOperation";
import type { ProviderContext } from "../context";
import { withKernelChecks } from "../workload/preview/checkedLifecycle";
import { withLabels } from "../workload/labels/labelledLifecycle";
import { findAdoptable } from "./adoptService";
import { createService } from "./createService";
import { deleteService } from "./deleteService";
import { hashKeyIn } from "./hashKey";
import { serviceHolder } from "./holder";
import type { serviceInputs } from "./inputs";
import { readWakeLatencies } from "./memberOutputs";
import { observeService } from "./operations";
import { type serviceOutputs, toOutputs } from "./outputs";
import { planServiceUpdate } from "./plan";
import { inspectRollout } from "./rollout/inspect";
import { memberConfigurations } from "./reload/describe";
import { knownMembers } from "./rollout/remaining";
import { updateService } from "./updateService";
import { observedInputs } from "./wire";
import { unsettledOutput } from "./unsettled";

const unlabelled: Lifecycle<typeof serviceInputs, typeof serviceOutputs, ProviderContext> = {
  findAdoptable,
  describeUpdate: (olds, news, { instances, hashKey }) =>
    describeSteps(
      planServiceUpdate(olds, news, Array.isArray(instances) ? instances.length : 0, {
        members: knownMembers(instances),
        configurations: memberConfigurations(instances),
        hashKey: hashKeyIn({ hashKey }),
      }),
    ),

  inspectInputs: inspectRollout,

  async findNameHolder(context, id, inputs) {
    const item = await findService(context, id);
    return item && serviceHolder(context, item, inputs);
  },

  create: createService,

  async read(context, id, inputs, before) {
    const item = await findService(context, id);
    if (item === undefined) return undefined;
    const observed = await observeService(context, item, inputs);
    const hashKey = hashKeyIn(before ?? {});
    const found = observedInputs(observed, inputs, hashKey);
    const latencies = await readWakeLatencies(context, observed.instances);
    const outputs = toOutputs(item, found.ports, observed.instances, { latencies, hashKey, template: inputs.template });
    return { id: item.uuid, inputs: found, outputs: { ...outputs, ...unsettledOutput(observed, inputs) } };
  },

  update: updateService,

  delete: deleteService,
};

/** The lifecycle of a Service. */
export const lifecycle = withLabels(
  {
    kind: "Service",
    prefix: "template.",
    workloadOf: ({ template }) => template,
    withScaleToZero: (inputs, scaleToZero) =>
      inputs.template === undefined ? inputs : { ...inputs, template: { ...inputs.template, scaleToZero } },
  },
  withKernelChecks({ prefix: "template.", workloadOf: ({ template }) => template }, unlabelled),
);
