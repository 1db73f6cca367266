/** What pods may ask for and the test kubelet does not do: such a pod is refused, with the field's name. */
import type { Container, Handler, Pod, Volume } from "./objects";

const VOLUME_KINDS = ["persistentVolumeClaim", "configMap", "secret", "emptyDir", "projected"];

/** Fields that are not supported, as paths below `spec`. */
export function unsupportedFields({ spec }: Pod): readonly string[] {
  const found = [
    ...(spec.schedulerName === undefined || spec.schedulerName === "default-scheduler" ? [] : ["schedulerName"]),
    ...(spec.hostNetwork === true ? ["hostNetwork"] : []),
    ...((spec.readinessGates ?? []).length > 0 ? ["readinessGates"] : []),
    ...(spec.volumes ?? []).flatMap(inVolume),
    ...[...(spec.initContainers ?? []), ...spec.containers].flatMap(inContainer),
    ...(spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy !== undefined).map(sidecar),
  ];
  const { podAffinity, podAntiAffinity } = spec.affinity ?? {};
  for (const [name, affinity] of Object.entries({ podAffinity, podAntiAffinity })) {
    const terms = affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
    if (terms.some(({ namespaceSelector }) => namespaceSelector !== undefined))
      found.push(`affinity.${name}: namespaceSelector`);
  }
  return found;
}

const sidecar = ({ name }: Container): string => `initContainers[${name}].restartPolicy`;

function inVolume(volume: Volume): readonly string[] {
  return Object.keys(volume)
    .filter((key) => key !== "name" && !VOLUME_KINDS.includes(key))
    .map((key) => `volumes[${volume.name}].${key}`);
}

function inContainer(container: Container): readonly string[] {
  const { name, readinessProbe, livenessProbe, startupProbe, lifecycle, workingDir, env = [] } = container;
  const handlers = { readinessProbe, livenessProbe, startupProbe, ...lifecycle };
  const isGrpc = ([, handler]: [string, Handler | undefined]): boolean => handler?.grpc !== undefined;
  return [
    ...(workingDir === undefined ? [] : ["workingDir"]),
    ...Object.entries(handlers)
      .filter(isGrpc)
      .map(([field]) => `${field}.grpc`),
    ...env.filter(({ valueFrom }) => valueFrom?.resourceFieldRef !== undefined).map((each) => `env[${each.name}]`),
  ].map((field) => `containers[${name}].${field}`);
}
