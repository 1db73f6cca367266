/** Reads `image` and `build` of a service. */
import { buildMap } from "../files/merge";
import { besideFile } from "../files/readFile";
import type { PlannedBuild, PlannedService, PlannedText } from "../model";
import { checkKeys } from "../tree/keys";
import { entryOf, readBoolean, readPairs, readScalar, readTexts } from "../tree/readers";
import type { Reports } from "../tree/reports";
import { KRAFTFILE_KEY, type Mapping } from "../tree/tree";
import type { Lookup } from "../text/interpolate";
import { BUILD_KEYS } from "./keyTables";

/** The image to build, or its reference; `undefined` and a problem if the service has neither. */
export function readImage(
  service: Mapping,
  where: string,
  lookup: Lookup,
  reports: Reports,
): PlannedService["image"] | undefined {
  const [imageEntry, build] = [entryOf(service, "image"), entryOf(service, "build")];
  const image = imageEntry && readScalar(imageEntry.value, `${where}: 'image'`, reports);
  const reference = image?.text === "" ? undefined : image?.text;
  if (build !== undefined) {
    const map = buildMap(build.value);
    checkKeys(map, BUILD_KEYS, `${where}: 'build'`, reports);
    const planned = readBuild(map, `${where}: 'build'`, lookup, reports);
    // Beside `build`, the reference is where the image is pushed to. Its tag is not needed: instances run a digest.
    const repository = reference?.replace(/@.*$/, "").replace(/:[^/:]*$/, "");
    if (image !== undefined && repository?.includes("/") === false)
      reports.warn(
        image.at,
        `${where}: 'image' has no effect beside 'build'. The image is built, and pushed nowhere unless this names a repository.`,
      );
    return (
      planned && { build: { ...planned, repository: repository?.includes("/") === true ? repository : undefined } }
    );
  }
  if (reference === undefined)
    return reports.problem(service.at, `${where}: 'image' or 'build' is missing; a service needs one of them.`);
  return { reference };
}

function readBuild(map: Mapping, what: string, lookup: Lookup, reports: Reports): PlannedBuild | undefined {
  const member = (key: string) => entryOf(map, key)?.value;
  const text = (key: string) => {
    const tree = member(key);
    return tree && readScalar(tree, `${what}: '${key}'`, reports);
  };
  const texts = (key: string): readonly string[] | undefined => {
    const tree = member(key);
    return tree && readTexts(tree, `${what}: '${key}'`, reports).map((one) => one.text);
  };
  const context = text("context");
  if (context === undefined) return reports.problem(map.at, `${what}: 'context' is missing.`);
  if (/^[\w.+-]+:\/\/|^git@/.test(context.text))
    return reports.problem(context.at, `${what}: 'context' must be a folder of this machine.`);
  const noCache = member("no_cache");
  const build = {
    target: text("target")?.text,
    args: argumentsOf(map, what, lookup, reports),
    cacheFrom: texts("cache_from"),
    cacheTo: texts("cache_to"),
    noCache: noCache && readBoolean(noCache, `${what}: 'no_cache'`, reports),
    ssh: texts("ssh"),
  };
  return {
    // Paths are relative to the file that names them.
    context: besideFile(context.at.file, context.text),
    kraftfile: text(KRAFTFILE_KEY)?.text,
    build: Object.values(build).every((value) => value === undefined) ? undefined : build,
  };
}

/** Build arguments; one without a value has that of the project's variables, or of the environment of this process. */
function argumentsOf(
  map: Mapping,
  what: string,
  lookup: Lookup,
  reports: Reports,
): Readonly<Record<string, PlannedText>> | undefined {
  const entry = entryOf(map, "args");
  if (entry === undefined) return undefined;
  const args: [string, PlannedText][] = [];
  for (const [name, { text, isSecret, at }] of readPairs(entry.value, `${what}: 'args'`, reports)) {
    const value = text ?? lookup(name);
    if (value === undefined)
      reports.warn(at, `${what}: 'args': '${name}' has no value here nor where the program runs.`);
    else args.push([name, { text: value, isSecret: isSecret || text === null }]);
  }
  return Object.fromEntries(args);
}
