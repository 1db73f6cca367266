/** Reads a Compose file and those that it includes or extends: the services and volumes of the project. */
import * as path from "node:path";
import { INCLUDE_KEYS, PROJECT_KEYS } from "../service/keyTables";
import type { Lookup } from "../text/interpolate";
import { checkKeys } from "../tree/keys";
import { entryOf, readScalar, readTexts } from "../tree/readers";
import type { Place, Reports } from "../tree/reports";
import type { Entry, Mapping } from "../tree/tree";
import { resolveExtends } from "./extends";
import { mergeMaps } from "./merge";
import { type FileContext, besideFile, entryMap, readFile, readVariables, servicesOf } from "./readFile";

/** A service before it is looked at. */
export interface LoadedService {
  readonly at: Place;
  /** With what the service extends. */
  readonly map: Mapping;
  /** The variables of its file. */
  readonly lookup: Lookup;
}

/** A project before any service is looked at. */
export interface LoadedProject {
  /** `name:` of the file. */
  readonly name: string | undefined;
  readonly services: ReadonlyMap<string, LoadedService>;
  readonly volumes: ReadonlyMap<string, Entry>;
}

/** Included files may include others, but not without end. */
const MAX_DEPTH = 10;

/** Files that are merged, and where they are named. */
interface NamedFiles {
  /** Paths, at least one; each changes what the ones before it say. */
  readonly files: readonly string[];
  readonly from: Place;
}

/** Reads the file and all that belong to it. What is wrong is reported; `undefined` if the file cannot be read. */
export const loadProject = (file: string, context: FileContext): LoadedProject | undefined =>
  loadFiles({ files: [file], from: { file, line: 1, column: 1 } }, context, 0);

function loadFiles({ files, from }: NamedFiles, context: FileContext, depth: number): LoadedProject | undefined {
  const { reports, lookup } = context;
  const roots = files.map((file) => readFile(file, context, from));
  if (depth > MAX_DEPTH)
    return reports.problem(from, `'${files.join(", ")}': files include each other; remove one 'include'.`);
  for (const root of roots) if (root !== undefined) checkKeys(root, PROJECT_KEYS, "the file", reports);
  const root = roots.reduce((all, own) => all && own && mergeMaps(all, own));
  const [file = ""] = files;
  if (root === undefined) return undefined;
  const own = servicesOf(root, reports);
  const services = new Map<string, LoadedService>();
  const volumes = new Map<string, Entry>(entryMap(root, "volumes", reports)?.entries ?? []);
  for (const name of own.keys()) {
    const map = resolveExtends({ file, name, services: own }, context);
    if (map !== undefined) services.set(name, { at: map.at, map, lookup });
  }
  for (const included of includesOf(root, context, depth)) {
    addAll(services, included.services, "service", reports);
    addAll(volumes, included.volumes, "volume", reports);
  }
  const name = entryOf(root, "name");
  return { name: name && readScalar(name.value, "'name'", reports)?.text, services, volumes };
}

/** Each entry is read with its own `.env`, after the variables of the project. */
function includesOf(root: Mapping, context: FileContext, depth: number): readonly LoadedProject[] {
  const { reports, lookup } = context;
  const entry = entryOf(root, "include");
  if (entry === undefined) return [];
  const items = entry.value.kind === "list" ? entry.value.items : [entry.value];
  return items.flatMap((item) => {
    const { at } = item;
    if (item.kind === "map") checkKeys(item, INCLUDE_KEYS, "'include'", reports);
    const paths = item.kind === "map" ? entryOf(item, "path")?.value : item;
    if (paths === undefined) return reports.problem(at, "'include': 'path' is missing.") ?? [];
    const files = readTexts(paths, "'include'", reports).map(({ text }) => besideFile(at.file, text));
    const folders = new Set(files.map((file) => path.dirname(file)));
    if (folders.size > 1)
      return reports.problem(at, "'include': files that are merged must be in one folder; move them together.") ?? [];
    const given = item.kind === "map" ? entryOf(item, "env_file")?.value : undefined;
    const named = given && readTexts(given, "'include.env_file'", reports);
    const envFiles = named?.map((one) => ({ at: one.at, file: besideFile(at.file, one.text) }));
    const variables = new Map<string, string>();
    for (const envFile of envFiles ??
      files.slice(0, 1).map((file) => ({ at, file: besideFile(file, ".env"), isDefault: true })))
      for (const [name, value] of readVariables(envFile, context)) variables.set(name, value);
    const own = { ...context, lookup: (name: string) => lookup(name) ?? variables.get(name) };
    return files.length === 0 ? [] : (loadFiles({ files, from: at }, own, depth + 1) ?? []);
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
