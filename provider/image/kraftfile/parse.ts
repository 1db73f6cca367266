/**
 * Parses a Kraftfile of any version, by the rules of both generations of the vendor's tools. Where they differ, the comment of the
 * key's reader says what is done here. What has no effect is a warning, what would give another image than the file says is a
 * problem.
 *
 * Rules: KraftKit `kraftfile/`, and unikraft-cloud/x `kraftfile` with its JSON schemas.
 */
import { kraftfileError } from "./kraftfileError";
import { readKernel } from "./keys/kernel";
import { readCmd, readEnv, readLabels } from "./keys/run";
import { readSource, readSources } from "./keys/source";
import { readName, readSpec } from "./keys/spec";
import { readTargets } from "./keys/targets";
import { reportUnknownKeys } from "./keys/unknownKeys";
import { readVolumes } from "./keys/volumes";
import type { Kraftfile, RootfsSource } from "./model";
import { type Member, YamlSource } from "./yaml/yamlSource";

/** Keys that make the image; a misspelling of one is a problem. */
const IMAGE_KEYS = ["spec", "specification", "runtime", "rootfs", "roms", "cmd", "env", "labels", "targets"];
const KNOWN_KEYS = [...IMAGE_KEYS, "name", "volumes", "unikraft", "template", "libraries", "initrd", "outdir"];

type Find = (key: string) => Member | undefined;

/**
 * Parses the text of a Kraftfile; `file` is the name used in messages. Takes time linear in its length. Throws `KRAFTFILE_INVALID`
 * that lists every problem (at most 50) as `file:line:column: sentence` with an excerpt.
 */
export function parseKraftfile(text: string, file = "Kraftfile"): Kraftfile {
  const source = new YamlSource(text);
  const kraftfile = source.problems.length > 0 ? undefined : readRoot(source);
  if (kraftfile === undefined || source.problems.length > 0) throw kraftfileError(file, text, source.problems);
  return kraftfile;
}

function readRoot(source: YamlSource): Kraftfile | undefined {
  const root = source.root;
  if (root === null) return source.report(null, "the file is empty; it needs at least 'spec' and 'runtime'.");
  const members = source.mapMembers(root, root, "a Kraftfile");
  if (members === undefined) return undefined;
  reportUnknownKeys(source, members, { where: "a Kraftfile", known: KNOWN_KEYS, significant: IMAGE_KEYS });
  const find: Find = (key) => members.find((member) => member.key === key);
  const spec = readSpec(source, root, find("spec"), find("specification"));
  const kernel = readKernel(source, spec, find);
  const name = readOptional(find("name"), (member) => readName(source, member));
  const rootfs = readRootfs(source, find);
  const roms = readOptional(find("roms"), (member) => (member.value === null ? [] : readSources(source, member))) ?? [];
  const cmd = readOptional(find("cmd"), (member) => readCmd(source, spec, member));
  const env = readOptional(find("env"), (member) => readEnv(source, spec, member)) ?? {};
  const labels = readOptional(find("labels"), (member) => readLabels(source, spec, member)) ?? {};
  const targets = readOptional(find("targets"), (member) => readTargets(source, member)) ?? [];
  const volumes = readOptional(find("volumes"), (member) => readVolumes(source, member)) ?? [];
  if (
    ["runtime", "unikraft", "template", "libraries", "rootfs", "initrd", "roms"].every((key) => find(key) === undefined)
  ) {
    return source.report(root, "'runtime' is missing: an image needs a kernel, such as 'runtime: base-compat:latest'.");
  }
  if (spec === undefined) return undefined;
  return {
    spec,
    ...(name === undefined ? {} : { name }),
    ...kernel,
    ...(rootfs === undefined ? {} : { rootfs }),
    roms,
    ...(cmd === undefined ? {} : { cmd }),
    env,
    labels,
    targets,
    volumes,
    warnings: source.warnings.toSorted((a, b) => a.line - b.line || a.column - b.column),
  };
}

const readOptional = <T>(member: Member | undefined, read: (member: Member) => T | undefined): T | undefined =>
  member === undefined ? undefined : read(member);

/** `initrd` is the name of `rootfs` in older files. */
function readRootfs(source: YamlSource, find: Find): RootfsSource | undefined {
  const [rootfs, initrd] = [find("rootfs"), find("initrd")];
  if (rootfs !== undefined && initrd !== undefined) {
    return source.report(initrd.keyNode, "'initrd' and 'rootfs' mean the same; keep 'rootfs'.");
  }
  return readOptional(rootfs ?? initrd, ({ key, keyNode, value }) =>
    readSource(source, { value, at: keyNode, what: key }),
  );
}
