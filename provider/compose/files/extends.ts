/** Resolves `extends`: a service with what it takes from another one, of the same file or of another. */
import { EXTENDS_KEYS } from "../service/keyTables";
import { checkKeys } from "../tree/keys";
import { entryOf, readScalar } from "../tree/readers";
import type { Mapping } from "../tree/tree";
import { mergeMaps } from "./merge";
import { type FileContext, besideFile, readFile, servicesOf } from "./readFile";

/** A service in the services of its file. */
export interface ServiceInFile {
  readonly file: string;
  readonly name: string;
  readonly services: ReadonlyMap<string, Mapping>;
}

/** The service without `extends`; `undefined` if what it extends cannot be read, which is reported. */
export function resolveExtends(
  { file, name, services }: ServiceInFile,
  context: FileContext,
  seen: readonly string[] = [],
): Mapping | undefined {
  const { reports } = context;
  const own = services.get(name);
  const entry = own && entryOf(own, "extends");
  if (own === undefined || entry === undefined) return own;
  const what = `service '${name}': 'extends'`;
  const id = `${file}\n${name}`;
  if (seen.includes(id)) return reports.problem(entry.at, `${what}: services extend each other; remove one.`);
  const { value } = entry;
  if (value.kind === "map") checkKeys(value, EXTENDS_KEYS, what, reports);
  const nameTree = value.kind === "map" ? entryOf(value, "service")?.value : value;
  if (nameTree === undefined) return reports.problem(entry.at, `${what}: 'service' is missing.`);
  const base = readScalar(nameTree, what, reports)?.text;
  if (base === undefined) return undefined;
  const fileEntry = value.kind === "map" ? entryOf(value, "file") : undefined;
  const otherFile = fileEntry && readScalar(fileEntry.value, what, reports)?.text;
  const from = otherFile === undefined ? file : besideFile(file, otherFile);
  const root = from === file ? undefined : readFile(from, context, entry.at);
  if (from !== file && root === undefined) return undefined;
  const others = root === undefined ? services : servicesOf(root, reports);
  if (!others.has(base)) return reports.problem(entry.at, `${what}: there is no service '${base}' in ${from}.`);
  const extended = resolveExtends({ file: from, name: base, services: others }, context, [...seen, id]);
  return (
    extended && mergeMaps(extended, { ...own, entries: new Map([...own.entries].filter(([key]) => key !== "extends")) })
  );
}
