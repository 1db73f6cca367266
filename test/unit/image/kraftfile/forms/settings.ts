/** Forms of `cmd`, `env`, `labels`, `targets` and `volumes`. */
import { type Form, V6, V7 } from "./form";

const cmd = (form: string, tool: string, text: string, gives: readonly string[], head = V7): Form => ({
  form,
  tool,
  text: `${head}cmd: ${text}`,
  gives: { cmd: gives },
});
const env = (form: string, tool: string, text: string, gives: object): Form => ({
  form,
  tool,
  text: `${V7}env: ${text}`,
  gives: { env: gives },
});
const target = (form: string, tool: string, text: string, ...gives: object[]): Form => ({
  form,
  tool,
  text: `${V6}targets: ${text}`,
  gives: { targets: gives },
});
const volume = (form: string, tool: string, text: string, ...gives: object[]): Form => ({
  form,
  tool,
  text: `${V6}volumes: ${text}`,
  gives: { volumes: gives },
  warns: /'volumes' has no effect on an image/,
});

export const COMMAND_FORMS: readonly Form[] = [
  cmd(
    "a list",
    "kraft, unikraft: argv",
    '["/usr/bin/node", "/usr/src/server.js"]',
    ["/usr/bin/node", "/usr/src/server.js"],
    V6,
  ),
  cmd("a list with an empty argument", "kraft, unikraft: strings", '["/bin/app", ""]', ["/bin/app", ""]),
  cmd(
    "kernel parameters before --",
    "docs: stored as the image's Cmd verbatim",
    '["netdev.ip=10.0.0.2/24", "--", "/app"]',
    ["netdev.ip=10.0.0.2/24", "--", "/app"],
  ),
  cmd("a string of one word", "kraft: one argument", "/app/main", ["/app/main"], V6),
  {
    ...cmd("a string with blanks in v0.6", "kraft: stays one argument", "/app --port 80", ["/app --port 80"], V6),
    warns: /one argument, blanks included/,
  },
  cmd("a string in v0.7", "unikraft: POSIX shell split", `/bin/sh -c "exec /app 'a b'"`, [
    "/bin/sh",
    "-c",
    "exec /app 'a b'",
  ]),
  {
    ...cmd("a variable in a string of v0.7", "unikraft: variables expand to empty", "/app $HOME --port ${PORT:-80}", [
      "/app",
      "--port",
      "80",
    ]),
    warns: /variables in 'cmd' are empty/,
  },
  {
    ...cmd(
      "a variable in a list of v0.6",
      "unikraft: no interpolation; kraft: replaces it",
      '["/bin/sh", "-c", "exec /app $PORT"]',
      ["/bin/sh", "-c", "exec /app $PORT"],
      V6,
    ),
    warns: /kept as written/,
  },
  {
    form: "numbers in a list",
    tool: "kraft, unikraft: entries must be strings",
    text: `${V7}cmd: [1, 2]`,
    rejects: /'cmd\[0\]' must be a string/,
  },
  { form: "an empty list", tool: "kraft: the runtime's", text: `${V6}cmd: []`, gives: { cmd: undefined } },
  env("a map", "kraft, unikraft: sorted by key", "{PORT: '80', HOST: a}", { HOST: "a", PORT: "80" }),
  env("numbers and booleans in a map", "unikraft: scalars", "{PORT: 8080, DEBUG: true, RATE: 0.5}", {
    DEBUG: "true",
    PORT: "8080",
    RATE: "0.5",
  }),
  env("null in a map", "unikraft: rendered as empty", "{A: , B: ~}", { A: "", B: "" }),
  env("a list", "kraft, unikraft: K=V in order", "['B=1', 'A=x=y']", { B: "1", A: "x=y" }),
  env("a list entry without =", "unikraft: null, rendered as empty", "[TOKEN]", { TOKEN: "" }),
  {
    form: "a map in env",
    tool: "unikraft: values must be scalars",
    text: `${V7}env: {A: {b: c}}`,
    rejects: /'env\.A' must be a string, a number or a boolean/,
  },
  {
    form: "labels",
    tool: "kraft: a number becomes text",
    text: `${V6}labels:\n  cloud.unikraft.v1.instances/scale_to_zero.policy: "on"\n  cloud.unikraft.v1.instances/scale_to_zero.stateful: false\n  cloud.unikraft.v1.instances/scale_to_zero.cooldown_time_ms: 1000`,
    gives: {
      labels: {
        "cloud.unikraft.v1.instances/scale_to_zero.cooldown_time_ms": "1000",
        "cloud.unikraft.v1.instances/scale_to_zero.policy": "on",
        "cloud.unikraft.v1.instances/scale_to_zero.stateful": "false",
      },
    },
  },
  {
    form: "labels as a list",
    tool: "unikraft: fails on decode",
    text: `${V7}labels: ["a=b"]`,
    rejects: /'labels' must be a map/,
  },
  {
    form: "a label with a blank in v0.7",
    tool: "unikraft schema: ^[a-zA-Z0-9._/-]+$",
    text: `${V7}labels: {a b: c}`,
    rejects: /a label may contain only/,
  },
  {
    form: "a label with a blank in v0.6",
    tool: "kraft: no rule",
    text: `${V6}labels: {a b: c}`,
    gives: { labels: { "a b": "c" } },
  },
];

export const PLATFORM_FORMS: readonly Form[] = [
  target(
    "strings",
    "kraft, unikraft: platform/architecture",
    "[qemu/x86_64, fc/arm64, xen/x86_64]",
    { os: "qemu", architecture: "x86_64" },
    { os: "fc", architecture: "arm64" },
    { os: "xen", architecture: "x86_64" },
  ),
  target(
    "aliases of platforms",
    "kraft: kvm is qemu, firecracker is fc",
    "[kvm/x86_64, firecracker/x86_64, kraftcloud/x86_64]",
    { os: "qemu", architecture: "x86_64" },
    { os: "fc", architecture: "x86_64" },
    { os: "kraftcloud", architecture: "x86_64" },
  ),
  target(
    "aliases of architectures",
    "unikraft: x86-64, amd64, aarch64",
    "[qemu/amd64, qemu/x86-64, qemu/aarch64]",
    { os: "qemu", architecture: "x86_64" },
    { os: "qemu", architecture: "x86_64" },
    { os: "qemu", architecture: "arm64" },
  ),
  target("maps", "kraft: platform, architecture", "[{platform: qemu, architecture: arm64}]", {
    os: "qemu",
    architecture: "arm64",
  }),
  target("short names", "kraft, unikraft: aliases", "[{plat: fc, arch: x86_64}]", { os: "fc", architecture: "x86_64" }),
  target(
    "both spellings",
    "unikraft: the short one wins",
    "[{plat: fc, platform: qemu, arch: x86_64, architecture: arm64}]",
    { os: "fc", architecture: "x86_64" },
  ),
  target("a combined platform", "kraft: platform with architecture", "[{platform: qemu/x86_64}]", {
    os: "qemu",
    architecture: "x86_64",
  }),
  target(
    "kconfig as a map",
    "unikraft: KEY=VALUE in os.features",
    "[{plat: qemu, arch: x86_64, kconfig: {CONFIG_X: y}}]",
    { os: "qemu", architecture: "x86_64", osFeatures: ["CONFIG_X=y"] },
  ),
  target(
    "kconfig as a list",
    "unikraft: CONFIG_UK_FULLVERSION is os.version",
    "[{plat: qemu, arch: x86_64, kconfig: [CONFIG_UK_FULLVERSION=0.17.0, CONFIG_A=y]}]",
    { os: "qemu", architecture: "x86_64", osFeatures: ["CONFIG_A=y"], osVersion: "0.17.0" },
  ),
  {
    form: "a target without architecture",
    tool: "kraft: 'expected platform/architecture'",
    text: `${V6}targets: [qemu]`,
    rejects: /must be 'platform\/architecture'/,
  },
  {
    form: "an unknown architecture",
    tool: "unikraft: an error",
    text: `${V6}targets: [qemu/riscv64]`,
    rejects: /unknown architecture 'riscv64'/,
  },
  {
    form: "targets that are no list",
    tool: "kraft: fails",
    text: `${V6}targets: qemu/x86_64`,
    rejects: /'targets' must be a list/,
  },
  volume("source:destination", "kraft: two parts", "['./data:/data']", {
    source: "./data",
    destination: "/data",
    readOnly: false,
  }),
  volume("with a mode", "unikraft: ro", "['./data:/data:ro']", {
    source: "./data",
    destination: "/data",
    readOnly: true,
  }),
  volume("without a colon", "kraft: mounted at /", "[./root]", { source: "./root", destination: "/", readOnly: false }),
  volume("a string", "docs: allowed", "./shared:/", { source: "./shared", destination: "/", readOnly: false }),
  volume(
    "a map",
    "docs: readOnly; code: readonly",
    "[{source: a, destination: /a, driver: 9pfs, readOnly: true}, {source: b, destination: /b, readonly: true}]",
    { source: "a", destination: "/a", readOnly: true },
    { source: "b", destination: "/b", readOnly: true },
  ),
  volume("an entry that is none", "never an error: an image has no volumes", "[7, {a: b}]"),
];
