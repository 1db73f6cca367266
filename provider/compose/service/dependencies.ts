/** Reads what a service depends on, and the networks that it is in. */
import { checkKeys } from "../tree/keys";
import { entryOf, quoteScalar, readBoolean, readScalar, readTexts, toMapping } from "../tree/readers";
import type { Place, Reports } from "../tree/reports";
import type { Mapping } from "../tree/tree";
import { DEPENDENCY_KEYS, NETWORK_KEYS } from "./keyTables";

/** One service that another one depends on. */
export interface Dependency {
  readonly key: string;
  readonly at: Place;
  readonly condition: "service_started" | "service_healthy" | "service_completed_successfully";
  /** False: the service may be missing. */
  readonly isRequired: boolean;
}

const CONDITIONS: readonly string[] = ["service_started", "service_healthy", "service_completed_successfully"];

/** The services of `depends_on` and `links`. */
export function readDependencies(service: Mapping, where: string, reports: Reports): readonly Dependency[] {
  const entry = entryOf(service, "depends_on");
  const map = entry && toMapping(entry.value);
  if (entry !== undefined && map === undefined)
    reports.problem(entry.at, `${where}: 'depends_on': this must be a list of services, or a map.`);
  const dependencies = [...(map?.entries ?? [])].map(([key, { value, at }]): Dependency => {
    const plain: Dependency = { key, at, condition: "service_started", isRequired: true };
    if (value.kind !== "map") return plain;
    const what = `${where}: 'depends_on.${key}'`;
    checkKeys(value, DEPENDENCY_KEYS, what, reports);
    const [condition, required] = [entryOf(value, "condition"), entryOf(value, "required")];
    const scalar = condition && readScalar(condition.value, `${what}: 'condition'`, reports);
    if (scalar !== undefined && !CONDITIONS.includes(scalar.text))
      reports.problem(
        scalar.at,
        `${what}: the condition must be ${CONDITIONS.join(", ")}, not ${quoteScalar(scalar)}.`,
      );
    if (scalar?.text === "service_healthy")
      reports.warn(
        scalar.at,
        `${what}: nothing runs a healthcheck, so this waits until the program of '${key}' has run for 3 s without failing.`,
      );
    return {
      ...plain,
      condition: (scalar?.text as Dependency["condition"] | undefined) ?? plain.condition,
      isRequired: required === undefined || readBoolean(required.value, `${what}: 'required'`, reports) !== false,
    };
  });
  return [...dependencies, ...linksOf(service, where, reports)];
}

function linksOf(service: Mapping, where: string, reports: Reports): readonly Dependency[] {
  const entry = entryOf(service, "links");
  const links = entry === undefined ? [] : readTexts(entry.value, `${where}: 'links'`, reports);
  return links.map(({ text, at }): Dependency => {
    const [key = "", alias = key] = text.split(":");
    if (alias !== key)
      reports.problem(
        at,
        `${where}: 'links': the name '${alias}' would not resolve; use the private name of '${key}'.`,
      );
    return { key, at, condition: "service_started", isRequired: true };
  });
}

/**
 * Reports what the networks of a service would do: all instances of a metro are in one network.
 *
 * @param names private names of the service, which may be aliases
 */
export function checkNetworks(service: Mapping, where: string, names: readonly string[], reports: Reports): void {
  const mode = entryOf(service, "network_mode");
  const modeText = mode && readScalar(mode.value, `${where}: 'network_mode'`, reports);
  if (modeText !== undefined && modeText.text !== "bridge")
    reports.problem(
      modeText.at,
      `${where}: 'network_mode' is not supported. An instance is in the metro's network; remove it.`,
    );
  const entry = entryOf(service, "networks");
  if (entry === undefined) return;
  const map = toMapping(entry.value);
  if (map === undefined)
    return reports.problem(entry.at, `${where}: 'networks': this must be a list of networks, or a map.`);
  for (const [name, { value, at }] of map.entries) {
    if (name !== "default")
      reports.warn(
        at,
        `${where}: the network '${name}' has no effect. All instances of a metro reach each other on any port.`,
      );
    if (value.kind !== "map") continue;
    const what = `${where}: 'networks.${name}'`;
    checkKeys(value, NETWORK_KEYS, what, reports);
    const aliases = entryOf(value, "aliases");
    for (const alias of aliases === undefined ? [] : readTexts(aliases.value, `${what}: 'aliases'`, reports))
      if (!names.includes(alias.text))
        reports.warn(
          alias.at,
          `${what}: the alias '${alias.text}' does not resolve. The private name is ${names.join(", ") || "none"}.`,
        );
  }
}
