/** The key `targets`: platforms as `qemu/x86_64` or as maps. */
import * as yaml from "yaml";
import type { Target } from "../model";
import type { Member, YamlSource } from "../yaml/yamlSource";
import { reportUnknownKeys } from "./unknownKeys";

/** Those of v0.5 (`initrd`, `command`, `kernel`) matter only when a kernel is compiled. */
const TARGET_KEYS = ["platform", "plat", "architecture", "arch", "kconfig", "name", "kernel", "initrd", "command"];
const SIGNIFICANT_KEYS = ["platform", "plat", "architecture", "arch"];

/** Aliases of platforms. Source: KraftKit `unikraft/plat`. */
const PLATFORM_ALIASES = new Map([
  ["kvm", "qemu"],
  ["firecracker", "fc"],
]);

const ARCHITECTURE_ALIASES = new Map([
  ["x86_64", "x86_64"],
  ["x86-64", "x86_64"],
  ["amd64", "x86_64"],
  ["arm64", "arm64"],
  ["aarch64", "arm64"],
  ["arm", "arm"],
]);

/** The kernel option that becomes `os.version`. Source: unikraft CLI. */
const VERSION_OPTION = "CONFIG_UK_FULLVERSION";

/** Reads `targets`, normalised; unknown platforms are accepted, unknown architectures are problems. */
export function readTargets(source: YamlSource, { value, keyNode }: Member): Target[] {
  if (value === null) return [];
  const items = source.listItems(value, keyNode, "'targets'") ?? [];
  return items.flatMap((item, index) => {
    const what = `targets[${index}]`;
    return (yaml.isMap(item) ? readTargetMap(source, item, what) : readTargetString(source, item, value, what)) ?? [];
  });
}

function readTargetString(source: YamlSource, item: yaml.Node | null, at: yaml.Node, what: string): Target | undefined {
  const text = source.string(item, at, `'${what}'`);
  if (text === undefined) return undefined;
  const slash = text.indexOf("/");
  if (slash <= 0) return source.report(item, `'${what}' must be 'platform/architecture', such as 'qemu/x86_64'.`);
  return toTarget(source, item, text.slice(0, slash), text.slice(slash + 1));
}

function readTargetMap(source: YamlSource, item: yaml.Node, what: string): Target | undefined {
  const members = source.mapMembers(item, item, `'${what}'`) ?? [];
  reportUnknownKeys(source, members, { where: `'${what}'`, known: TARGET_KEYS, significant: SIGNIFICANT_KEYS });
  const text = (short: string, long: string): string | undefined => {
    const member = members.find(({ key }) => key === short) ?? members.find(({ key }) => key === long);
    return member && source.string(member.value, member.keyNode, `'${what}.${member.key}'`);
  };
  const [platform = "", combined] = (text("plat", "platform") ?? "").split("/", 2);
  const architecture = text("arch", "architecture") ?? combined;
  if (platform === "" || architecture === undefined) {
    return source.report(item, `'${what}' needs both 'platform' and 'architecture'.`);
  }
  const target = toTarget(source, item, platform, architecture);
  const kconfig = members.find(({ key }) => key === "kconfig");
  if (target === undefined || kconfig === undefined) return target;
  return { ...target, ...toOsFeatures(readOptions(source, kconfig, `'${what}.kconfig'`)) };
}

/** Kernel options as a map, or as a list of `NAME=value`. */
function readOptions(source: YamlSource, { value, keyNode }: Member, what: string): [name: string, value: string][] {
  if (value === null) return [];
  if (!yaml.isSeq(value)) {
    const members = source.mapMembers(value, keyNode, what) ?? [];
    return members.map(({ key, keyNode, value }) => [key, source.scalar(value, keyNode, `${what}.${key}`) ?? ""]);
  }
  return (source.listItems(value, keyNode, what) ?? []).map((item) => {
    const [name = "", ...rest] = (source.scalar(item, value, `an item of ${what}`) ?? "").split("=");
    return [name, rest.join("=")];
  });
}

function toOsFeatures(options: readonly [string, string][]): Pick<Target, "osFeatures" | "osVersion"> {
  const version = options.find(([name]) => name === VERSION_OPTION)?.[1];
  const features = options.filter(([name]) => name !== VERSION_OPTION).map(([name, value]) => `${name}=${value}`);
  return {
    ...(features.length === 0 ? {} : { osFeatures: features.sort() }),
    ...(version === undefined ? {} : { osVersion: version }),
  };
}

function toTarget(
  source: YamlSource,
  node: yaml.Node | null,
  platform: string,
  architecture: string,
): Target | undefined {
  const known = ARCHITECTURE_ALIASES.get(architecture);
  if (known === undefined) {
    return source.report(node, `unknown architecture '${architecture.slice(0, 64)}'; use x86_64, arm64 or arm.`);
  }
  return { os: PLATFORM_ALIASES.get(platform) ?? platform, architecture: known };
}
