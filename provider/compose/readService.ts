/** Reads one service of a project, without looking at the others. */
import type { FileContext } from "./files/readFile";
import type { PlannedPort, PlannedService, PlannedText, PlannedWorkload } from "./model";
import { type Dependency, readDependencies } from "./service/dependencies";
import { readDeployment } from "./service/deployment";
import { readEnvironment } from "./service/environment";
import { readImage } from "./service/image";
import { SERVICE_KEYS } from "./service/keyTables";
import { readPorts } from "./service/ports";
import { readAnnotations, readArgs, readScaleToZero } from "./service/run";
import { type ProjectVolume, readMounts } from "./service/volumes";
import { checkKeys } from "./tree/keys";
import { entryOf, quoteScalar, readScalar } from "./tree/readers";
import type { Place } from "./tree/reports";
import type { Mapping } from "./tree/tree";

/** A service with its values checked. */
export interface ReadService {
  readonly key: string;
  readonly map: Mapping;
  readonly at: Place;
  readonly image: PlannedService["image"];
  readonly workload: PlannedWorkload;
  readonly ports: readonly PlannedPort[];
  readonly domain: string | undefined;
  readonly containerName: string | undefined;
  /** `undefined` if the file does not say it. */
  readonly replicas: number | undefined;
  readonly dependencies: readonly Dependency[];
}

/** A DNS label, as names of instances and of guests are. */
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** Reads a service; `undefined` if it has no image. What is wrong is reported. */
export function readService(
  key: string,
  map: Mapping,
  volumes: ReadonlyMap<string, ProjectVolume>,
  context: FileContext,
): ReadService | undefined {
  const { reports, lookup } = context;
  const where = `service '${key}'`;
  checkKeys(map, SERVICE_KEYS, where, reports);
  const text = (name: string) => {
    const entry = entryOf(map, name);
    return entry && readScalar(entry.value, `${where}: '${name}'`, reports);
  };
  const label = (name: string): string | undefined => {
    const scalar = text(name);
    if (scalar === undefined || LABEL.test(scalar.text)) return scalar?.text;
    return reports.problem(
      scalar.at,
      `${where}: '${name}': ${quoteScalar(scalar)} must have 1 to 63 lower-case letters, digits and dashes.`,
    );
  };
  const image = readImage(map, where, lookup, reports);
  const args = readArgs(map, where, reports);
  const { memoryMb, replicas, restartPolicy } = readDeployment(map, where, reports);
  const workload: PlannedWorkload = {
    args,
    env: readEnvironment(map, where, context),
    memoryMb,
    ...readMounts(map, where, volumes, reports),
    restartPolicy,
    scaleToZero: readScaleToZero(map, where, reports),
    annotations: readAnnotations(map, where, reports),
    hostname: label("hostname"),
  };
  const ports = readPorts(map, where, reports);
  const domain = text("domainname");
  if (domain !== undefined && ports.length === 0)
    reports.warn(domain.at, `${where}: 'domainname' has no effect. The service publishes no port.`);
  const containerName = label("container_name");
  const dependencies = readDependencies(map, where, reports);
  if (image === undefined) return undefined;
  return {
    ...{ key, map, at: map.at, image, workload, ports, containerName, replicas, dependencies },
    domain: domain?.text,
  };
}

/** Every text that the program of a service gets. */
export const textsOf = ({ env, args = [] }: PlannedWorkload): readonly PlannedText[] => [
  ...Object.values(env),
  ...args,
];
