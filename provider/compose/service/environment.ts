/** Reads `environment` and `env_file` of a service. */
import type { FileContext } from "../files/readFile";
import { besideFile, readVariables } from "../files/readFile";
import type { PlannedText } from "../model";
import { checkKeys } from "../tree/keys";
import { entryOf, readBoolean, readPairs, readScalar } from "../tree/readers";
import type { Mapping, Tree } from "../tree/tree";
import { ENV_FILE_KEYS } from "./keyTables";

/**
 * The variables of the service: those of its files, then those of `environment`. A name alone has the value of the project's variables or of
 * the environment of this process; so has, as with the vendor's tool, one with an empty value.
 */
export function readEnvironment(
  service: Mapping,
  where: string,
  context: FileContext,
): Readonly<Record<string, PlannedText>> {
  const { lookup, reports } = context;
  const variables = new Map<string, PlannedText>();
  const files = entryOf(service, "env_file")?.value;
  for (const item of files === undefined ? [] : files.kind === "list" ? files.items : [files])
    for (const [name, text] of variablesOf(item, `${where}: 'env_file'`, context))
      variables.set(name, { text, isSecret: true });
  const entry = entryOf(service, "environment");
  const pairs = entry === undefined ? [] : readPairs(entry.value, `${where}: 'environment'`, reports);
  for (const [name, { text, isSecret, at }] of pairs) {
    const inherited = text === null || text === "" ? lookup(name) : undefined;
    if (name === "" || name.includes("\0") || name.includes("=") || name === "__proto__")
      reports.problem(at, `${where}: 'environment': a variable cannot have this name.`);
    else if (inherited !== undefined) {
      if (text === "" && inherited !== "")
        reports.warn(at, `${where}: '${name}' is empty here, so it gets the value that it has where the program runs.`);
      variables.set(name, { text: inherited, isSecret: true });
    } else if (text === null)
      reports.warn(
        at,
        `${where}: '${name}' has no value here nor where the program runs; the instance does not get it.`,
      );
    else variables.set(name, { text, isSecret });
  }
  return Object.fromEntries(variables);
}

function variablesOf(item: Tree, what: string, context: FileContext): ReadonlyMap<string, string> {
  const { reports } = context;
  if (item.kind === "map") checkKeys(item, ENV_FILE_KEYS, what, reports);
  const pathTree = item.kind === "map" ? entryOf(item, "path")?.value : item;
  const scalar = pathTree === undefined ? undefined : readScalar(pathTree, what, reports);
  if (scalar === undefined) return new Map();
  const member = item.kind === "map" ? (key: string) => entryOf(item, key)?.value : () => undefined;
  const [required, format] = [member("required"), member("format")];
  const isRequired = required === undefined || readBoolean(required, `${what}: 'required'`, reports);
  const formatText = format && readScalar(format, `${what}: 'format'`, reports);
  if (formatText !== undefined && formatText.text !== "raw")
    reports.problem(formatText.at, `${what}: 'format' must be raw.`);
  // Paths are relative to the file that names them.
  const file = besideFile(item.at.file, scalar.text);
  return readVariables({ file, at: item.at, isDefault: isRequired !== true, isRaw: formatText !== undefined }, context);
}
