/**
 * From a Compose file to the resources of its project, in steps without side effects:
 *
 *     files ── parse, interpolate ──▶ trees ── include, extends ──▶ services ── read ──▶ values ── plan ──▶ resource arguments
 *
 * Source: the Compose specification (compose-spec/compose-spec, and its `compose-spec.json`), and what the vendor's tool makes of a project.
 */
import * as path from "node:path";
import { loadProject } from "./files/loadProject";
import { type ReadFile, besideFile, readVariables } from "./files/readFile";
import type { ComposePlan } from "./model";
import { planServices } from "./planServices";
import { type ReadService, readService } from "./readService";
import { type ProjectVolume, readVolume } from "./service/volumes";
import type { Lookup } from "./text/interpolate";
import { entryOf, readTexts } from "./tree/readers";
import { type Place, Reports } from "./tree/reports";
import type { Mapping } from "./tree/tree";

/** Memory of an Instance that says none, in MiB. Source: `memoryMb` of the Instance. */
const DEFAULT_MEMORY_MB = 128;

/** What a project is planned from. */
export interface ComposeInput {
  /** Path of the Compose file. */
  readonly file: string;
  /** Path of the file with variables; `undefined`: the `.env` beside the Compose file, if there is one. */
  readonly envFile?: string | undefined;
  /** Name of the project; `undefined`: COMPOSE_PROJECT_NAME, `name:` of the file, or the name of its folder. */
  readonly project?: string | undefined;
  /** Active profiles; `undefined`: COMPOSE_PROFILES, or none. */
  readonly profiles?: readonly string[] | undefined;
  /** Reads a file relative to the program. */
  readonly read: ReadFile;
  /** The environment of the process. It counts before the variables of `envFile`. */
  readonly environment: Lookup;
}

/** Plans the resources. Throws `COMPOSE_INVALID` with everything that is wrong, as `file:line:column: sentence`. */
export function planCompose(input: ComposeInput): ComposePlan {
  const { file, read, environment } = input;
  const reports = new Reports();
  const start = { file, line: 1, column: 1 };
  const envFile = input.envFile ?? besideFile(file, ".env");
  const variables = readVariables(
    { file: envFile, at: start, isDefault: input.envFile === undefined },
    { read, lookup: environment, reports },
  );
  const lookup: Lookup = (name) => {
    const value = environment(name) ?? variables.get(name);
    reports.hide(value ?? "");
    return value;
  };
  const context = { read, lookup, reports };
  const loaded = loadProject(file, context);
  const project = projectName(input, lookup, loaded?.name, reports);
  const active = input.profiles ?? (lookup("COMPOSE_PROFILES") ?? "").split(",").map((name) => name.trim());
  const enabled = [...(loaded?.services ?? [])].filter(([key, { map }]) => isActive(key, map, active, reports));
  if (loaded !== undefined && enabled.length === 0 && !reports.isInvalid)
    reports.problem(start, "there is no service; add one to 'services', or choose a profile.");
  const volumes = new Map<string, ProjectVolume>();
  for (const [key, entry] of loaded?.volumes ?? []) volumes.set(key, readVolume(key, entry, reports));
  const services = new Map<string, ReadService>();
  for (const [key, { map, lookup: ownLookup }] of enabled) {
    const service = readService(key, map, volumes, { ...context, lookup: ownLookup });
    if (service !== undefined) services.set(key, service);
  }
  checkDependencies(services, new Set(enabled.map(([key]) => key)), new Set(loaded?.services.keys()), reports);
  const planned = planServices(project, services, reports);
  const used = new Set(
    planned.flatMap(({ workload }) => workload.volumes.flatMap(({ volume }) => ("key" in volume ? [volume.key] : []))),
  );
  for (const [key, { at }] of loaded?.volumes ?? []) warnOfVolume(volumes.get(key), used.has(key), at, reports);
  warnOfMemory([...services.values()], reports);
  reports.throwIfInvalid();
  const create = [...volumes.values()].flatMap((volume) =>
    "create" in volume && used.has(volume.create.key) ? [volume.create] : [],
  );
  return { project, volumes: create, services: planned, warnings: reports.warnings };
}

/** One warning for all services without a size, of which there are many in files for Docker, where they need none. */
function warnOfMemory(services: readonly ReadService[], reports: Reports): void {
  const [first, ...others] = services.filter(({ workload }) => workload.memoryMb === undefined);
  if (first === undefined) return;
  const keys = [first, ...others].map(({ key }) => `'${key}'`).join(", ");
  const subject = others.length === 0 ? `service ${keys} has` : `services ${keys} have`;
  reports.warn(
    first.at,
    `${subject} ${DEFAULT_MEMORY_MB} MiB of memory, since the file names no size. Set mem_limit to what it needs.`,
  );
}

function warnOfVolume(volume: ProjectVolume | undefined, isUsed: boolean, at: Place, reports: Reports): void {
  if (volume === undefined || "name" in volume) return;
  const { key, sizeMb } = volume.create;
  if (!isUsed) reports.warn(at, `volume '${key}' has no effect. No service mounts it.`);
  else if (!volume.hasSize)
    reports.warn(
      at,
      `volume '${key}' has ${sizeMb} MiB, since the file names no size. Set driver_opts.size to what it needs.`,
    );
}

/** Source: Compose specification, "name": lower-case letters, digits, dashes and underscores, not the latter two at the start. */
function projectName(input: ComposeInput, lookup: Lookup, ownName: string | undefined, reports: Reports): string {
  const folder = path.basename(path.dirname(path.resolve(input.file)));
  const given = input.project ?? (lookup("COMPOSE_PROJECT_NAME") || ownName);
  if (given === undefined)
    return (
      folder
        .toLowerCase()
        .replace(/[^a-z0-9_-]/g, "")
        .replace(/^[_-]+/, "") || "project"
    );
  if (!/^[a-z0-9][a-z0-9_-]*$/.test(given))
    reports.problem(
      { file: input.file, line: 1, column: 1 },
      `the name of the project must have lower-case letters, digits, dashes and underscores, and begin with a letter or digit.`,
    );
  return given;
}

/** A service without profiles is always active. */
function isActive(key: string, map: Mapping, active: readonly string[], reports: Reports): boolean {
  const entry = entryOf(map, "profiles");
  const profiles = entry === undefined ? [] : readTexts(entry.value, `service '${key}': 'profiles'`, reports);
  return profiles.length === 0 || active.includes("*") || profiles.some(({ text }) => active.includes(text));
}

function checkDependencies(
  services: ReadonlyMap<string, ReadService>,
  enabled: ReadonlySet<string>,
  all: ReadonlySet<string>,
  reports: Reports,
): void {
  for (const service of services.values())
    for (const { key, at, isRequired } of service.dependencies) {
      if (enabled.has(key)) continue;
      const why = all.has(key)
        ? "no active profile has it; add its profile"
        : "the file has no such service; correct the name";
      if (isRequired) reports.problem(at, `service '${service.key}' depends on '${key}': ${why}.`);
      else reports.warn(at, `service '${service.key}' does not wait for '${key}': ${why}.`);
    }
}
