/** Tools from the system's packages: QEMU for everyone, third-party validators for the tests. */
import { SetupError, step } from "./terminal.mjs";
import { findTool, lastLines, runTool } from "./tool.mjs";

/** @typedef {{ tool: string, debianPackage: string, unless?: string }} SystemTool */

const DISK_TOOLS = [{ tool: "mkfs.ext4", debianPackage: "e2fsprogs" }];

/** Required to run a VM; `unless` is the variable that overrides the binary. @type {readonly SystemTool[]} */
export const PLATFORM_TOOLS = [
  { tool: "qemu-system-x86_64", debianPackage: "qemu-system-x86", unless: "UNIKERNEL_QEMU" },
  ...DISK_TOOLS,
];

const CERTIFICATE_TOOLS = [{ tool: "openssl", debianPackage: "openssl" }];

/** Assemble the programs of guests. */
const ASSEMBLER_TOOLS = [{ tool: "as", debianPackage: "binutils" }];

const TEST_TOOLS = [
  { tool: "cpio", debianPackage: "cpio" },
  { tool: "fsck.erofs", debianPackage: "erofs-utils" },
  { tool: "docker-registry", debianPackage: "docker-registry" },
  { tool: "skopeo", debianPackage: "skopeo" },
  { tool: "systemd-analyze", debianPackage: "systemd" },
  { tool: "promtool", debianPackage: "prometheus" },
  { tool: "chromium", debianPackage: "chromium" },
  { tool: "curl", debianPackage: "curl" },
  { tool: "h2load", debianPackage: "nghttp2-client" },
  { tool: "gdb", debianPackage: "gdb" },
];

/** Required to build Dockerfiles in tests: a builder, what BuildKit runs containers with, and a registry. @type {readonly SystemTool[]} */
export const BUILDER_TOOLS = [
  { tool: "buildah", debianPackage: "buildah" },
  { tool: "runc", debianPackage: "runc" },
  { tool: "docker-registry", debianPackage: "docker-registry" },
  { tool: "busybox", debianPackage: "busybox-static" }, // the content of base images
];

/** Required by each test lane. @type {Readonly<Record<string, readonly SystemTool[]>>} */
export const LANE_TOOLS = {
  unit: ASSEMBLER_TOOLS,
  property: [],
  contract: [...DISK_TOOLS, ...CERTIFICATE_TOOLS],
  foreign: [...PLATFORM_TOOLS, ...CERTIFICATE_TOOLS, ...ASSEMBLER_TOOLS, ...TEST_TOOLS],
  e2e: [...PLATFORM_TOOLS, ...CERTIFICATE_TOOLS, ...ASSEMBLER_TOOLS, ...TEST_TOOLS, ...BUILDER_TOOLS],
};

/**
 * Installs missing tools with apt-get as root or with passwordless sudo; otherwise throws with the command to run.
 *
 * @param {readonly SystemTool[]} tools
 */
export async function ensureSystemTools(tools) {
  const isMissing = (/** @type {SystemTool} */ { tool, unless }) =>
    findTool(tool) === undefined && !(unless !== undefined && process.env[unless]);
  const missing = tools.filter(isMissing);
  if (missing.length === 0) return;

  const packages = missing.map(({ debianPackage }) => debianPackage).join(" ");
  const names = missing.map(({ tool }) => tool).join(", ");
  const install = `apt-get install -y --no-install-recommends ${packages}`;
  const prefix = await rootPrefix();
  if (findTool("apt-get") === undefined || prefix === undefined) {
    const how =
      findTool("apt-get") === undefined
        ? "Install them with the system's package manager"
        : `Run "sudo apt-get update && sudo ${install}"`;
    throw new SetupError(`Missing on this machine: ${names}.`, `${how}, then run this again.`);
  }
  await step(`${names} (apt-get install ${packages})`, async (note) => {
    const apt = (/** @type {string[]} */ args) =>
      runTool(
        "env",
        ["DEBIAN_FRONTEND=noninteractive", ...prefix, "apt-get", "-o", "DPkg::Lock::Timeout=120", ...args],
        {
          onLine: (line) => note(line.trim().slice(0, 60)),
        },
      );
    await apt(["update"]); // a failure matters only if the install fails too
    const result = await apt(install.split(" ").slice(1));
    if (result.code !== 0 || missing.some(isMissing)) {
      const hint = `Run "sudo apt-get update && sudo ${install}" and check its output.`;
      throw new SetupError(`apt-get did not install ${packages}.`, hint, lastLines(result.output));
    }
  });
}

/** The command prefix that grants root; undefined when there is none. @returns {Promise<string[] | undefined>} */
export async function rootPrefix() {
  if (process.getuid?.() === 0) return [];
  const sudo = findTool("sudo");
  if (sudo === undefined) return undefined;
  const allowed = await runTool(sudo, ["-n", "true"]);
  return allowed.code === 0 ? [sudo, "-n", "--preserve-env=DEBIAN_FRONTEND"] : undefined;
}
