/** The pages about settings: `settings.md` for all sources, `Provider.md` for the class. */
import type { EnvironmentVariable } from "../../../provider/base/config/environment";
import { VARIABLE_BY_SETTING, type SettingKey } from "../../../provider/base/config/sources";
import { SETTINGS_SCHEMA } from "../settings";
import type { Content } from "./content";
import { errorTable } from "./errorsPage";
import { code, page, table } from "./markdown";

/** A setting, as the package schema describes it. */
interface SettingSpec {
  readonly type: string;
  readonly description: string;
  readonly secret?: boolean;
}

const settings = Object.entries(SETTINGS_SCHEMA) as readonly [SettingKey, SettingSpec][]; // a test checks the schema's structure

/** Variables that the local platform and the build of images read; they are not settings of the provider. */
const OTHER_VARIABLES: Readonly<
  Record<Exclude<EnvironmentVariable, (typeof VARIABLE_BY_SETTING)[SettingKey]>, string>
> = {
  UNIKERNEL_STATE_DIR: "Folder of the local platform's state. Default: `unikernel` in `$XDG_STATE_HOME`.",
  UNIKERNEL_CACHE_DIR:
    "Folder of cached runtimes, base images and digests; `unikernel cache clear` empties it. Default: `unikernel` in `$XDG_CACHE_HOME`.",
  UNIKERNEL_QEMU: "Path of the QEMU binary. Default: `qemu-system-x86_64` on `PATH`.",
  UNIKERNEL_ACCEL: "`kvm`, `hvf` or `tcg`. Default: the one that passes a timed probe.",
  UNIKERNEL_QUOTAS: "Quotas of the local platform, such as `instances=10,total_volume_mb=100`.",
  UNIKERNEL_BUILDER:
    "`buildkit`, `buildx`, `podman` or `buildah`: what builds Dockerfiles. Default: the first of them that is usable.",
  BUILDKIT_HOST:
    "Address of a BuildKit daemon, such as `unix:///run/buildkit/buildkitd.sock`, for `buildctl` on `PATH`.",
  XDG_STATE_HOME: "Parent of the state folder. Default: `~/.local/state`.",
  XDG_CACHE_HOME: "Parent of the cache folder. Default: `~/.cache`.",
  DOCKER_CONFIG: "Folder of Docker's `config.json`, which holds credentials of registries. Default: `~/.docker`.",
  XDG_RUNTIME_DIR:
    "Parent of the folder of VM sockets, unless its path is too long for one (then `/tmp`), and of Podman's `containers/auth.json`. Default: the folder for temporary files.",
  PATH: "Folders in which QEMU and other tools are searched.",
};

/** The page `settings.md`. */
export function settingsPage(): string {
  return page(
    "# Settings",
    "Each setting is read from the first of these sources that has it: an argument of [`Provider`](Provider.md), the stack's configuration, the environment, the default.",
    table(
      ["`Provider` argument", "Stack", "Environment"],
      settings.map(([key]) => [code(key), code(`unikernel:${key}`), code(VARIABLE_BY_SETTING[key])]),
    ),
    "```sh\npulumi config set unikernel:metro fra\npulumi config set --secret unikernel:token    # asks for the token\npulumi config set unikernel:timeouts '{\"createMs\": 600000}'\n```",
    settings
      .map(
        ([key, { description, secret }]) =>
          `## ${key}\n\n${description}${secret === true ? " Secret: set it with `pulumi config set --secret`." : ""}`,
      )
      .join("\n\n"),
    "## owner\n\nFor the stack only: `pulumi config set unikernel:owner team-a`. Generated names differ between two owners whose projects and stacks have the same names, and one never takes over the unfinished objects of the other. Default: the stack's organization; none on a backend without organizations, such as a bucket.",
    `## Environment variables\n\nThe provider reads the settings above and these variables. A running daemon keeps the values it was started with.\n\n${table(
      ["Variable", "Meaning"],
      Object.entries(OTHER_VARIABLES).map(([name, text]) => [code(name), text]),
    )}`,
  );
}

/** The page `Provider.md`. */
export const providerPage = (content: Content): string =>
  page(
    "# Provider",
    "Settings for some resources of a program, such as metro and token. Without a `Provider`, resources use the stack's settings.",
    `## Example\n\n${content.example}`,
    content.notes,
    `## Inputs\n\n${table(
      ["Input", "Type", "Description"],
      settings.map(([key, { type, description, secret }]) => [
        `[${code(key)}](settings.md#${key.toLowerCase()})${secret === true ? "<br>_secret_" : ""}`,
        type,
        description,
      ]),
    )}`,
    `## Errors\n\n${errorTable(content.errors)}`,
  );
