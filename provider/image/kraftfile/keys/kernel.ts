/**
 * The kernel of an image: a runtime, a prebuilt file, or one that is compiled (`unikraft`, `template`, `libraries`). What those
 * three keys contain is read by the tool `kraft`, which compiles; here it matters only that they are there.
 */
import * as yaml from "yaml";
import type * as model from "../model";
import type { Member, YamlSource } from "../yaml/yamlSource";
import { readRuntime } from "./runtime";

const COMPILE_KEYS = ["unikraft", "template", "libraries"] as const;

/** At most one is defined; none for an image without a kernel (files or ROMs only). */
export type Kernel = Pick<model.Kraftfile, "runtime" | "kernelFile" | "compiles">;

/** Reads the kernel. A `runtime` takes precedence over a kernel to compile, with a warning about the other keys. */
export function readKernel(
  source: YamlSource,
  spec: model.SpecVersion | undefined,
  find: (key: string) => Member | undefined,
): Kernel {
  const runtime = find("runtime");
  const compileKeys = COMPILE_KEYS.flatMap((key) => {
    const member = find(key);
    return member === undefined ? [] : [{ key, member }];
  });
  if (runtime !== undefined) {
    for (const { key, member } of compileKeys) {
      source.warn(member.keyNode, `'${key}' has no effect: 'runtime' names a prebuilt kernel.`);
    }
    return readRuntime(source, spec, runtime) ?? {};
  }
  const [first] = compileKeys;
  if (first === undefined) return {};
  const { key, member } = first;
  return readKernelFile(source, key, member) ?? { compiles: { key, ...source.position(member.keyNode) } };
}

/** `unikraft: {type: kernel, source: path}`, the unikraft CLI's form for a ready-made kernel. */
function readKernelFile(source: YamlSource, key: string, { value, keyNode }: Member): Kernel | undefined {
  if (key !== "unikraft" || !yaml.isMap(value)) return undefined;
  const members = source.mapMembers(value, keyNode, "'unikraft'") ?? [];
  const find = (name: string): Member | undefined => members.find((member) => member.key === name);
  const type = find("type");
  if (type === undefined || !yaml.isScalar(type.value) || type.value.value !== "kernel") return undefined;
  const file = find("source");
  if (file === undefined) {
    source.report(value, "'unikraft' of type 'kernel' needs a 'source', the path of the kernel file.");
    return {};
  }
  const path = source.string(file.value, file.keyNode, "'unikraft.source'");
  return path === undefined ? {} : { kernelFile: { path, ...source.position(file.value) } };
}
