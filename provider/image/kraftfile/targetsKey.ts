/** The key `targets`: platforms as `qemu/x86_64` or as maps. */
import * as yaml from "yaml";
import { reportUnknownKeys } from "./unknownKeys";
import type { Target } from "./model";
import type { Member, YamlSource } from "./yamlSource";

const TARGET_KEYS = ["platform", "plat", "architecture", "arch", "name", "kconfig"];

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

/** Reads `targets`, normalised; unknown platforms are accepted, unknown architectures are problems. `name` is ignored. */
export function readTargets(source: YamlSource, { value, keyNode }: Member): Target[] {
  const items = source.listItems(value, keyNode, "'targets'") ?? [];
  return items.flatMap((item, index) => {
    const what = `'targets[${index}]'`;
    return (
      (yaml.isMap(item) ? readTargetMap(source, item, what) : readTargetString(source, item, value ?? keyNode, what)) ??
      []
    );
  });
}

function readTargetString(source: YamlSource, item: yaml.Node | null, at: yaml.Node, what: string): Target | undefined {
  const text = source.string(item, at, what);
  if (text === undefined) return undefined;
  const slash = text.indexOf("/");
  if (slash <= 0) return source.report(item, `${what} must be 'platform/architecture', such as 'qemu/x86_64'.`);
  return toTarget(source, item, text.slice(0, slash), text.slice(slash + 1));
}

function readTargetMap(source: YamlSource, item: yaml.Node, what: string): Target | undefined {
  const members = source.mapMembers(item, item, what) ?? [];
  reportUnknownKeys(source, members, what, TARGET_KEYS);
  const kconfig = members.find(({ key }) => key === "kconfig");
  if (kconfig !== undefined) {
    source.report(kconfig.keyNode, "'kconfig' is not supported: runtimes are prebuilt, kernels are not compiled.");
  }
  const text = (short: string, long: string): string | undefined => {
    const member = members.find(({ key }) => key === short) ?? members.find(({ key }) => key === long);
    return member && source.string(member.value, member.keyNode, `${what}.${member.key}`);
  };
  const [platform = "", combined] = (text("plat", "platform") ?? "").split("/", 2);
  const architecture = text("arch", "architecture") ?? combined;
  if (platform === "" || architecture === undefined) {
    return source.report(item, `${what} needs both 'platform' and 'architecture'.`);
  }
  return toTarget(source, item, platform, architecture);
}

function toTarget(
  source: YamlSource,
  node: yaml.Node | null,
  platform: string,
  architecture: string,
): Target | undefined {
  const known = ARCHITECTURE_ALIASES.get(architecture);
  if (known === undefined) {
    return source.report(node, `unknown architecture '${architecture}'; use x86_64, arm64 or arm.`);
  }
  return { os: PLATFORM_ALIASES.get(platform) ?? platform, architecture: known };
}
