/** Reads a Compose file and those that it includes or extends: the services and volumes of the project. */
import { INCLUDE_KEYS, PROJECT_KEYS } from "../service/keyTables";
import { checkKeys } from "../tree/keys";
import { entryOf, readScalar, readTexts } from "../tree/readers";
import type { Place, Reports } from "../tree/reports";
import type { Entry, Mapping } from "../tree/tree";
import { resolveExtends } from "./extends";
import { type FileContext, besideFile, entryMap, readFile, readVariables, servicesOf } from "./readFile";

/** A project before any service is looked at. */
export interface LoadedProject {
  /** `name:` of the file. */
  readonly name: string | undefined;
  /** With what each service extends. */
  readonly services: ReadonlyMap<string, Mapping>;
  readonly volumes: ReadonlyMap<string, Entry>;
}

/** Included files may include others, but not without end. */
const MAX_DEPTH = 10;

/**
 * Reads the file and all that belong to it. What is wrong is reported; `undefined` if the file cannot be read.
 *
 * @param from where the file is named, or the file itself
 */
export function loadProject(
  file: string,
  context: FileContext,
  from: Place = { file, line: 1, column: 1 },
  depth = 0,
): LoadedProject | undefined {
  const { reports } = context;
  const root = readFile(file, context, from);
  if (root === undefined) return undefined;
  if (depth > MAX_DEPTH) return reports.problem(from, `'${file}': files include each other; remove one 'include'.`);
  checkKeys(root, PROJECT_KEYS, "the file", reports);
  const own = servicesOf(root, reports);
  const services = new Map<string, Mapping>();
  const volumes = new Map<string, Entry>(entryMap(root, "volumes", reports)?.entries ?? []);
  for (const name of own.keys()) {
    const resolved = resolveExtends({ file, name, services: own }, context);
    if (resolved !== undefined) services.set(name, resolved);
  }
  for (const included of includesOf(root, file, context, depth)) {
    addAll(services, included.services, "service", reports);
    addAll(volumes, included.volumes, "volume", reports);
  }
  const name = entryOf(root, "name");
  return { name: name && readScalar(name.value, "'name'", reports)?.text, services, volumes };
}

/** Each included file is read with its own `.env`, after the variables of the project. */
function includesOf(root: Mapping, file: string, context: FileContext, depth: number): readonly LoadedProject[] {
  const { reports, lookup } = context;
  const entry = entryOf(root, "include");
  if (entry === undefined) return [];
  const items = entry.value.kind === "list" ? entry.value.items : [entry.value];
  return items.flatMap((item) => {
    if (item.kind === "map") checkKeys(item, INCLUDE_KEYS, "'include'", reports);
    const paths = item.kind === "map" ? entryOf(item, "path")?.value : item;
    if (paths === undefined) return reports.problem(item.at, "'include': 'path' is missing.") ?? [];
    const given = item.kind === "map" ? entryOf(item, "env_file")?.value : undefined;
    return readTexts(paths, "'include'", reports).flatMap(({ text, at }) => {
      const included = besideFile(file, text);
      const named = given && readTexts(given, "'include.env_file'", reports);
      const envFiles = named?.map((one) => ({ ...one, file: besideFile(file, one.text) }));
      const variables = new Map<string, string>();
      for (const envFile of envFiles ?? [{ at, file: besideFile(included, ".env"), isDefault: true }])
        for (const [name, value] of readVariables(envFile, context)) variables.set(name, value);
      const own = { ...context, lookup: (name: string) => lookup(name) ?? variables.get(name) };
      return loadProject(included, own, at, depth + 1) ?? [];
    });
  });
}

function addAll<T extends { readonly at: Place }>(
  all: Map<string, T>,
  more: ReadonlyMap<string, T>,
  kind: string,
  reports: Reports,
): void {
  for (const [name, value] of more)
    if (all.has(name)) reports.problem(value.at, `${kind} '${name}': an including file has it already; rename one.`);
    else all.set(name, value);
}
