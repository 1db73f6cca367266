/** Rules across the inputs of an Instance, and its quota usage. Pure. */
import type { CheckFailure, Properties, Rule } from "../../definition/resource";
import { checkDomains } from "../service/domains";
import { isUuid } from "../common/fields";
import { SERVER_DEFAULTS } from "../workload/codecs";
import { lengthOrZero, workloadQuotaUsage } from "../workload/quotaUsage";
import { workloadRules } from "../workload/rules";
import type { InstanceInputs } from "./inputs";
import { checkInstanceGate, INSTANCE_GATE_PATHS } from "./gate";
import { checkTakeOver, takesOver } from "./takeOver";
import { checkPorts } from "../service/ports";

const SOURCES = ["image", "template", "branchFrom", "checkpoint"] as const;

function checkSource(inputs: InstanceInputs): readonly CheckFailure[] {
  const sources = SOURCES.filter((name) => inputs[name] !== undefined);
  if (sources.length === 0) {
    return [{ property: "image", reason: "required: give image, template, branchFrom or checkpoint." }];
  }
  return sources.slice(1).map((property) => ({
    property,
    reason: `cannot be combined with ${sources[0] ?? ""}: an instance has one source.`,
  }));
}

function checkBranch({ branchFrom, args, env, memoryMb, vcpus }: InstanceInputs): readonly CheckFailure[] {
  if (branchFrom === undefined) return [];
  const isSet = {
    args: args !== undefined,
    env: Object.keys(env).length > 0,
    memoryMb: memoryMb !== SERVER_DEFAULTS.memoryMb,
    vcpus: vcpus !== SERVER_DEFAULTS.vcpus,
  };
  return Object.entries(isSet)
    .filter(([, value]) => value)
    .map(([property]) => ({
      property,
      reason: "cannot be combined with branchFrom: a branch keeps the value of its original.",
    }));
}

function checkPrepareTemplate({ template, prepareTemplate }: InstanceInputs): readonly CheckFailure[] {
  if (prepareTemplate === undefined) return [];
  if (template === undefined)
    return [{ property: "template", reason: "required with prepareTemplate: give the template a name." }];
  return isUuid(template)
    ? [{ property: "template", reason: "must be a name, not an id, when prepareTemplate is set." }]
    : [];
}

function checkServiceGroup({ service, serviceGroup: group }: InstanceInputs): readonly CheckFailure[] {
  if (group === undefined) return [];
  if (service !== undefined) {
    return [{ property: "serviceGroup", reason: "cannot be combined with service: an instance joins one of them." }];
  }
  return [
    ...[...checkPorts(group.ports), ...checkDomains(group.domains)].map(({ property, reason }) => ({
      property: `serviceGroup.${property}`,
      reason,
    })),
    ...(group.softLimit <= group.hardLimit
      ? []
      : [
          {
            property: "serviceGroup.softLimit",
            reason: `must be at most hardLimit (${group.hardLimit}), got ${group.softLimit}.`,
          },
        ]),
  ];
}

const checkScaleToZero = ({ scaleToZero, service, serviceGroup }: InstanceInputs): readonly CheckFailure[] =>
  scaleToZero === undefined || scaleToZero.policy === "off" || service !== undefined || serviceGroup !== undefined
    ? []
    : [
        {
          property: "scaleToZero",
          reason: "requires service or serviceGroup, whose connections wake the instance.",
        },
      ];

const checkAnswering = ({ waitFor, service, serviceGroup }: InstanceInputs): readonly CheckFailure[] =>
  waitFor !== "answering" || service !== undefined || serviceGroup !== undefined
    ? []
    : [
        {
          property: "waitFor",
          reason: '"answering" requires service or serviceGroup, through which the ports are asked; or use "running".',
        },
      ];

/** A job must end, and must still be there then. */
function checkCompleted({ waitFor, features, autostart, restartPolicy }: InstanceInputs): readonly CheckFailure[] {
  if (waitFor !== "completed") return [];
  const cannot = (property: string, value: string, way: string): CheckFailure => ({
    property,
    reason: `${value} cannot be combined with waitFor: "completed"; ${way}.`,
  });
  return [
    ...(features.includes("delete-on-stop")
      ? [cannot("features", '"delete-on-stop"', "leave it out, so that the exit code can be read")]
      : []),
    ...(autostart ? [] : [cannot("autostart", "false", "leave it out, so that the job runs")]),
    ...(restartPolicy === "always"
      ? [cannot("restartPolicy", '"always"', 'use "never", or "on-failure" to try again')]
      : []),
  ];
}

/** The rules of an Instance. */
export const instanceRules: readonly Rule<InstanceInputs>[] = [
  { reads: [...SOURCES], test: checkSource },
  { reads: ["branchFrom", "args", "env", "memoryMb", "vcpus"], test: checkBranch },
  { reads: ["template", "prepareTemplate"], test: checkPrepareTemplate },
  { reads: ["service", "serviceGroup"], test: checkServiceGroup },
  { reads: ["scaleToZero", "service", "serviceGroup"], test: checkScaleToZero },
  { reads: ["waitFor", "service", "serviceGroup"], test: checkAnswering },
  { reads: ["waitFor", "features", "autostart", "restartPolicy"], test: checkCompleted },
  {
    reads: ["takeOver", "networkInterfaces", "service", "serviceGroup", "volumes", "features", "waitFor", "autostart"],
    test: checkTakeOver,
  },
  {
    reads: ["takeOver", ...INSTANCE_GATE_PATHS],
    test: ({ gate, ...inputs }) => checkInstanceGate(gate, takesOver(inputs)),
  },
  ...workloadRules,
];

/** Quota usage of an Instance, by the API's quota name. */
export function instanceQuotaUsage(inputs: Properties): Readonly<Record<string, number>> {
  const group = inputs["serviceGroup"];
  const isGroup = group !== null && typeof group === "object";
  return {
    ...workloadQuotaUsage(inputs, inputs["autostart"] === true),
    service_groups: isGroup ? 1 : 0,
    services: isGroup ? lengthOrZero((group as Properties)["ports"]) : 0,
  };
}
