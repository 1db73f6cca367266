/** Reads the files of a project: Compose files, and files of variables. */
import * as path from "node:path";
import { parseEnvFile } from "../text/envFile";
import type { Lookup } from "../text/interpolate";
import { entryOf, readMap } from "../tree/readers";
import type { Place, Reports } from "../tree/reports";
import { type Mapping, parseTree } from "../tree/tree";

/** Reads a text file; `undefined` if it does not exist. */
export type ReadFile = (file: string) => string | undefined;

/** What files are read with. */
export interface FileContext {
  readonly read: ReadFile;
  readonly lookup: Lookup;
  readonly reports: Reports;
}

/** A path that a file names: relative to the folder of that file, unless it is absolute. */
export const besideFile = (file: string, named: string): string =>
  path.isAbsolute(named) ? path.normalize(named) : path.join(path.dirname(file), named);

/** The root of a file; a problem if there is none. */
export function readFile(file: string, { read, lookup, reports }: FileContext, from: Place): Mapping | undefined {
  const content = read(file);
  if (content === undefined) return reports.problem(from, `'${file}' does not exist; correct the path.`);
  const tree = parseTree(file, content, lookup, reports);
  return tree === undefined ? undefined : readMap(tree, "a Compose file", reports);
}

/** The services of a file by name, before they are looked at. */
export function servicesOf(root: Mapping, reports: Reports): ReadonlyMap<string, Mapping> {
  const services = new Map<string, Mapping>();
  for (const [name, { value, at }] of entryMap(root, "services", reports)?.entries ?? []) {
    if (!/^[a-zA-Z0-9._-]+$/.test(name))
      reports.problem(at, `service '${name.slice(0, 64)}': a name has letters, digits, dots, dashes and underscores.`);
    const service = readMap(value, `service '${name}'`, reports);
    if (service !== undefined) services.set(name, service);
  }
  return services;
}

/** The map that a key of the file has. */
export function entryMap(root: Mapping, key: string, reports: Reports): Mapping | undefined {
  const entry = entryOf(root, key);
  return entry && readMap(entry.value, `'${key}'`, reports);
}

/** The variables of a file of them; what is wrong is reported. A default file may be missing. */
export function readVariables(
  envFile: { readonly file: string; readonly at: Place; readonly isDefault?: boolean; readonly isRaw?: boolean },
  { read, lookup, reports }: FileContext,
): ReadonlyMap<string, string> {
  const { file, at, isDefault = false, isRaw = false } = envFile;
  const content = read(file);
  if (content === undefined && !isDefault) reports.problem(at, `'${file}' does not exist; correct the path.`);
  const { variables, problems } = parseEnvFile(content ?? "", lookup, isRaw);
  for (const value of variables.values()) reports.hide(value);
  for (const { line, clause } of problems) reports.problem({ file, line, column: 1 }, `${clause}.`);
  return variables;
}
