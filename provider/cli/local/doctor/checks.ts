/** What is assessed about this machine, and how to mend it. Pure. */
import { MIN_NODE, isAtLeast } from "../../../base/version";
import { standInPort } from "../../../contract/models/service";

/** How a check came out. `warn`: something works less well or not at all, but VMs run. `fail`: VMs do not run. */
export type CheckStatus = "ok" | "warn" | "fail";

/** One line of the report. */
export interface Check {
  readonly name: string;
  readonly status: CheckStatus;
  /** What was found. */
  readonly detail: string;
  /** What to do, as a sentence; `undefined` if nothing. */
  readonly fix?: string;
}

/** What was found on this machine. */
export interface Facts {
  /** Such as `22.13.0`. */
  readonly nodeVersion: string;
  /** `undefined`: QEMU was not found or does not run; then `qemuError` says why. */
  readonly qemu: { readonly version: string; readonly accelerator: string; readonly sandbox: boolean } | undefined;
  readonly qemuError: string | undefined;
  /** True if there is a `/dev/kvm` that this user can open. */
  readonly hasKvmDevice: boolean;
  /** Tools of e2fsprogs that were not found. */
  readonly missingDiskTools: readonly string[];
  /** Error code of listening on each of the ports 80 and 443; `undefined`: it can be published, or the platform has it. */
  readonly portErrors: Readonly<Record<number, string | undefined>>;
  readonly freeDiskBytes: number;
  readonly freeMemoryBytes: number;
  /** Soft limit of open files; `undefined`: no limit, or unknown. */
  readonly openFilesLimit: number | undefined;
  /** Such as 0o022. */
  readonly umask: number;
  readonly stateDir: string;
  /** Mode of the state folder; `undefined`: it does not exist yet. */
  readonly stateMode: number | undefined;
  /** Why nothing can be written to it; `undefined`: something can. */
  readonly stateError: string | undefined;
  /** Folder of the sockets of VMs. */
  readonly runDir: string;
  /** systemd keeps this user's processes and run folder when the user logs out. */
  readonly isLingering: boolean;
}

const GIB = 1024 ** 3;
/** An image of the Linux guest, its initrd and a volume take some hundred MiB. */
const MIN_DISK_BYTES = { fail: 0.25 * GIB, warn: 2 * GIB };
/** A guest of 128 MiB, and QEMU's own memory. Source: measured, about 220 MiB for a Linux guest of 128 MiB. */
const MIN_MEMORY_BYTES = { fail: 0.25 * GIB, warn: 1 * GIB };
/** The daemon needs a few descriptors for each connection and VM. */
const MIN_OPEN_FILES = 4_096;
const MIN_QEMU = [7, 2] as const;
/** The first QEMU whose emulated processor has RDSEED, which kernels of Unikraft 0.17 ask for at boot. */
const MIN_QEMU_FOR_UNIKRAFT_0_17 = [8, 0] as const;

const toGib = (bytes: number): string => `${(bytes / GIB).toFixed(1)} GiB`;
const levelOf = (value: number, limits: { readonly fail: number; readonly warn: number }): CheckStatus =>
  value < limits.fail ? "fail" : value < limits.warn ? "warn" : "ok";
const octal = (mode: number): string => mode.toString(8).padStart(3, "0");

/** The report, in the order in which it is read. */
export function assessMachine(facts: Facts): readonly Check[] {
  return [
    nodeCheck(facts),
    ...qemuChecks(facts),
    toolsCheck(facts),
    ...[80, 443].map((port) => portCheck(port, facts.portErrors[port])),
    sized(
      "disk",
      facts.freeDiskBytes,
      MIN_DISK_BYTES,
      `Free some space on the disk of ${facts.stateDir}, or set UNIKERNEL_STATE_DIR to a larger one.`,
    ),
    sized(
      "memory",
      facts.freeMemoryBytes,
      MIN_MEMORY_BYTES,
      "End other programs, or give the instances less 'memoryMb'.",
    ),
    filesCheck(facts),
    folderCheck(facts),
    ...logoutChecks(facts),
    umaskCheck(facts),
  ];
}

function nodeCheck({ nodeVersion }: Facts): Check {
  const name = "node";
  if (isAtLeast(nodeVersion, MIN_NODE)) return { name, status: "ok", detail: nodeVersion };
  return {
    name,
    status: "fail",
    detail: `${nodeVersion} is too old`,
    fix: `Install Node ${MIN_NODE.join(".")} or newer.`,
  };
}

function qemuChecks({ qemu, qemuError, hasKvmDevice }: Facts): readonly Check[] {
  if (qemu === undefined) {
    const fix =
      "Install it with 'apt-get install qemu-system-x86' or 'brew install qemu', or set UNIKERNEL_QEMU to its path.";
    return [{ name: "qemu", status: "fail", detail: qemuError ?? "not found", fix }];
  }
  const isOld = !isAtLeast(qemu.version, MIN_QEMU);
  const emulates = qemu.accelerator === "tcg";
  const kvm = hasKvmDevice
    ? "There is a /dev/kvm, but guest code did not run on it in time"
    : "There is no /dev/kvm that this user can open";
  const lacksRdseed = emulates && !isAtLeast(qemu.version, MIN_QEMU_FOR_UNIKRAFT_0_17);
  return [
    isOld
      ? {
          name: "qemu",
          status: "fail",
          detail: `${qemu.version} is too old`,
          fix: `Install QEMU ${MIN_QEMU.join(".")} or newer.`,
        }
      : { name: "qemu", status: "ok", detail: qemu.version },
    emulates
      ? {
          name: "accelerator",
          status: "warn",
          detail: "tcg: guests are emulated and boot in seconds instead of milliseconds",
          fix: `${kvm}. Enable virtualisation in the firmware, or nested virtualisation of this VM, and add this user to the group 'kvm'.`,
        }
      : { name: "accelerator", status: "ok", detail: `${qemu.accelerator}, measured with guest code` },
    lacksRdseed
      ? {
          name: "unikraft 0.17",
          status: "warn",
          detail: `does not boot on QEMU ${qemu.version} without hardware acceleration, which lacks RDSEED there`,
          fix: `Install QEMU ${MIN_QEMU_FOR_UNIKRAFT_0_17.join(".")} or newer, or use an accelerator.`,
        }
      : { name: "unikraft 0.17", status: "ok", detail: "boots" },
    qemu.sandbox
      ? { name: "sandbox", status: "ok", detail: "QEMU runs in its seccomp sandbox" }
      : {
          name: "sandbox",
          status: "warn",
          detail: "this QEMU was built without seccomp",
          fix: "Install the QEMU of your distribution.",
        },
  ];
}

function toolsCheck({ missingDiskTools }: Facts): Check {
  const name = "volumes";
  if (missingDiskTools.length === 0) return { name, status: "ok", detail: "e2fsprogs is installed" };
  const detail = `${missingDiskTools.join(", ")} not found: volumes cannot be made`;
  return { name, status: "warn", detail, fix: "Install the package e2fsprogs." };
}

function portCheck(port: number, error: string | undefined): Check {
  const name = `port ${port}`;
  if (error === undefined) return { name, status: "ok", detail: "can be published" };
  if (error === "EACCES" || error === "EPERM") {
    const fix = "Run 'sudo sysctl net.ipv4.ip_unprivileged_port_start=80' for the port itself.";
    const detail = `this user may not listen on it; port ${standInPort(port)} stands in for it`;
    return { name, status: "warn", detail, fix };
  }
  const detail = error === "EADDRINUSE" ? "another program has it" : `cannot be published (${error})`;
  return { name, status: "warn", detail, fix: "Publish another port, or end that program." };
}

function sized(
  name: string,
  bytes: number,
  limits: { readonly fail: number; readonly warn: number },
  fix: string,
): Check {
  const status = levelOf(bytes, limits);
  return { name, status, detail: `${toGib(bytes)} free`, ...(status === "ok" ? {} : { fix }) };
}

function filesCheck({ openFilesLimit: limit }: Facts): Check {
  const name = "open files";
  if (limit === undefined) return { name, status: "ok", detail: "no limit" };
  if (limit >= MIN_OPEN_FILES) return { name, status: "ok", detail: `at most ${limit}` };
  const fix = `Run 'ulimit -n ${MIN_OPEN_FILES}' before 'npx unikernel local up'.`;
  return { name, status: "warn", detail: `at most ${limit}, which some thousand connections exceed`, fix };
}

function folderCheck({ stateDir, stateMode, stateError }: Facts): Check {
  const name = "state folder";
  if (stateError !== undefined) {
    const fix = "Make it writable for this user, or set UNIKERNEL_STATE_DIR to another folder.";
    return { name, status: "fail", detail: `${stateDir} cannot be written (${stateError})`, fix };
  }
  if (stateMode !== undefined && (stateMode & 0o022) !== 0) {
    const detail = `${stateDir} has mode ${octal(stateMode)}: other users can write to it`;
    return { name, status: "warn", detail, fix: `Run 'chmod go-w ${stateDir}'.` };
  }
  return { name, status: "ok", detail: stateMode === undefined ? `${stateDir} will be made` : stateDir };
}

/** None unless the folder of the sockets belongs to a login. Source: systemd, user-runtime-dir@.service(5). */
function logoutChecks({ runDir, isLingering }: Facts): readonly Check[] {
  const name = "logout";
  if (!runDir.startsWith("/run/user/")) return [];
  if (isLingering) return [{ name, status: "ok", detail: "VMs keep running when you log out" }];
  const detail = `VMs are lost when you log out: their sockets are in ${runDir}, which is removed then`;
  return [{ name, status: "warn", detail, fix: "Run 'loginctl enable-linger'." }];
}

function umaskCheck({ umask }: Facts): Check {
  const name = "umask";
  if ((umask & 0o700) !== 0) {
    return {
      name,
      status: "fail",
      detail: `${octal(umask)} takes this user's own access away`,
      fix: "Run 'umask 022'.",
    };
  }
  return { name, status: "ok", detail: `${octal(umask)}; files with secrets are made with mode 600 under any umask` };
}
