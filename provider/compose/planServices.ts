/** Decides which resources each service of a project becomes. Pure. */
import { mentions, namesService, privateName } from "./discovery";
import type { PlannedMount, PlannedService } from "./model";
import { type ReadService, textsOf } from "./readService";
import { checkNetworks } from "./service/dependencies";
import { entryOf } from "./tree/readers";
import type { Reports } from "./tree/reports";

const MAX_NAME_LENGTH = 63;

/**
 * The resources of the services, in the order of their dependencies. A service with ports becomes a Service whose replicas a rolling update
 * replaces. It becomes an Instance behind a Service where that cannot be: another service needs its private name, or it has a volume. Without
 * ports it becomes an Instance.
 */
export function planServices(
  project: string,
  services: ReadonlyMap<string, ReadService>,
  reports: Reports,
): readonly PlannedService[] {
  const planned = [...services.values()].map((service) => planService(project, service, services, reports));
  for (const plan of planned) {
    const service = services.get(plan.key);
    if (service === undefined) continue;
    checkNetworks(service.map, `service '${plan.key}'`, plan.instances.map(privateName), reports);
    checkHosts(service, planned, reports);
  }
  checkSharedVolumes(planned, services, reports);
  checkNames(planned, services, reports);
  return inOrder(planned, services, reports);
}

/** `<project>-<service>`, as the vendor's tool names instances, so that files that mention the private names need no change. */
const nameOf = (project: string, key: string): string => `${project}-${key}`.toLowerCase().replace(/[_.]/g, "-");

function planService(
  project: string,
  service: ReadService,
  services: ReadonlyMap<string, ReadService>,
  reports: Reports,
): PlannedService {
  const { key, at, workload, ports, domain, containerName } = service;
  const where = `service '${key}'`;
  const name = nameOf(project, key);
  const instance = containerName ?? name;
  const others = [...services.values()].filter((other) => other.key !== key);
  const dependents = others.flatMap(({ dependencies }) => dependencies.filter((one) => one.key === key));
  const isJob = dependents.some(({ condition }) => condition === "service_completed_successfully");
  const isNeeded =
    containerName !== undefined ||
    dependents.length > 0 ||
    others.some((other) => mentions(textsOf(other.workload), privateName(instance)));
  const { replicas = 1 } = service;
  const fail = (sentence: string): void => reports.problem(at, `${where}: ${sentence}`);
  const hasMounts = workload.volumes.length + workload.ephemeralVolumes.length > 0;
  if (replicas > 1 && containerName !== undefined)
    fail("'container_name' is one name, and there are several replicas; remove one.");
  if (replicas > 1 && workload.volumes.some(({ readonly }) => !readonly))
    fail("only one instance can write to a volume, and there are several replicas; remove one of them.");
  if (isJob && (ports.length > 0 || replicas !== 1))
    fail("another service waits for its end, so it can have no ports and no replicas; remove them.");
  if (isJob && (workload.restartPolicy ?? "never") === "always")
    fail("another service waits for its end, which 'restart' prevents; remove 'restart'.");
  const { scaleToZero, ...awake } = workload;
  if (scaleToZero !== undefined && ports.length === 0)
    reports.warn(
      entryOf(service.map, "labels")?.at ?? at,
      `${where}: 'labels' do not let it go to standby. It publishes no port, whose connections would wake it.`,
    );
  const isTemplate = ports.length > 0 && (replicas !== 1 || !(isNeeded || hasMounts));
  if (isTemplate && isNeeded)
    reports.warn(
      at,
      `${where}: several replicas have no private name of the service; other services reach it through its ports.`,
    );
  const instances = isTemplate
    ? []
    : Array.from({ length: replicas }, (_, index) => (replicas === 1 ? instance : `${instance}-${index + 1}`));
  return {
    ...{ key, name, image: service.image, instances, isJob },
    workload: ports.length === 0 ? awake : workload,
    service: ports.length === 0 ? undefined : { ports, domain, replicas: isTemplate ? replicas : 0 },
    dependsOn: [...new Set(service.dependencies.map((one) => one.key).filter((one) => services.has(one)))],
  };
}

/** Warns of values that name another service by a name that does not resolve in a metro. */
function checkHosts(service: ReadService, planned: readonly PlannedService[], reports: Reports): void {
  const placeOf = (key: string) => entryOf(service.map, key)?.at;
  const { env, args = [] } = service.workload;
  const values = [
    ...Object.entries(env).map(([variable, { text }]) => ({ variable, text, what: variable, from: "environment" })),
    ...args.map(({ text }) => ({ variable: "", text, what: "an argument", from: "command" })),
  ];
  for (const { variable, text, what, from } of values)
    for (const { key, instances } of planned) {
      if (!namesService(variable, text, key)) continue;
      const at = placeOf(from) ?? placeOf("entrypoint") ?? service.at;
      const advice =
        instances[0] === undefined
          ? `Give '${key}' a container_name, and use that with .internal`
          : `Use its private name, ${privateName(instances[0])}`;
      reports.warn(
        at,
        `service '${service.key}': ${what} names '${key}', which does not resolve in a metro. ${advice}.`,
      );
    }
}

/** One instance can write to a volume, and no other can mount it then. */
function checkSharedVolumes(
  planned: readonly PlannedService[],
  services: ReadonlyMap<string, ReadService>,
  reports: Reports,
): void {
  const keyOf = ({ volume }: PlannedMount): string => ("key" in volume ? `key ${volume.key}` : `name ${volume.name}`);
  const all = planned.flatMap(({ key, workload }) => workload.volumes.map((mount) => ({ key, mount })));
  for (const { key, mount } of all) {
    const others = all.filter((other) => other.key !== key && keyOf(other.mount) === keyOf(mount));
    const at = services.get(key)?.at;
    if (at !== undefined && others[0] !== undefined && !mount.readonly)
      reports.problem(
        at,
        `service '${key}': it writes to a volume that '${others[0].key}' has too, and a volume has one writer and no other user then.`,
      );
  }
}

function checkNames(
  planned: readonly PlannedService[],
  services: ReadonlyMap<string, ReadService>,
  reports: Reports,
): void {
  const seen = new Map<string, string>();
  for (const { key, name, instances } of planned) {
    const at = services.get(key)?.at;
    if (at === undefined) continue;
    for (const one of new Set([name, ...instances])) {
      const other = seen.get(one);
      if (other !== undefined)
        reports.problem(
          at,
          `service '${key}': its resources would be named '${one}', as those of '${other}'; rename one.`,
        );
      seen.set(one, key);
      if (instances.includes(one) && !/[a-z0-9]$/.test(one))
        reports.problem(
          at,
          `service '${key}': its instance would be named '${one}', and a name ends with a letter or digit; rename the service, or give it a container_name.`,
        );
      if (one.length > MAX_NAME_LENGTH)
        reports.problem(
          at,
          `service '${key}': the name '${one}' is longer than ${MAX_NAME_LENGTH} characters; shorten it.`,
        );
    }
  }
}

/** Each service after those that it depends on. */
function inOrder(
  planned: readonly PlannedService[],
  services: ReadonlyMap<string, ReadService>,
  reports: Reports,
): readonly PlannedService[] {
  const ordered: PlannedService[] = [];
  let waiting = planned;
  while (waiting.length > 0) {
    const ready = waiting.filter(({ dependsOn }) => dependsOn.every((key) => ordered.some((one) => one.key === key)));
    const [first] = waiting;
    if (ready.length === 0 && first !== undefined) {
      const keys = waiting.map(({ key }) => `'${key}'`).join(", ");
      reports.problem(
        services.get(first.key)?.at ?? { file: "", line: 1, column: 1 },
        `'depends_on': ${keys} wait for each other.`,
      );
      return ordered;
    }
    ordered.push(...ready);
    waiting = waiting.filter((one) => !ready.includes(one));
  }
  return ordered;
}
