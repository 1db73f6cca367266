/** How the stores of a machine are made to trust a certificate authority. Pure. */
import * as path from "node:path";

/** What decides which stores there are. */
export interface TrustMachine {
  /** As `process.platform`. */
  readonly platform: string;
  readonly isRoot: boolean;
  /** Home folder of the user. */
  readonly home: string;
  readonly hasTool: (tool: string) => boolean;
}

/** A certificate authority. */
export interface TrustedAuthority {
  /** PEM file of its certificate. */
  readonly file: string;
  /** Its name, unique on this machine. */
  readonly commonName: string;
}

/** One store. */
export interface TrustStep {
  /** What users call it. */
  readonly store: string;
  /** Run one after the other; each is a tool with its arguments. */
  readonly commands: readonly (readonly string[])[];
  /** False if only root may run them. */
  readonly isAllowed: boolean;
}

const DEBIAN_FOLDER = "/usr/local/share/ca-certificates";
const FEDORA_FOLDER = "/etc/pki/ca-trust/source/anchors";

/** The steps that add the authority to each store of the machine, or remove it. None: the machine has no store that is known. */
export function planTrust(machine: TrustMachine, authority: TrustedAuthority, remove: boolean): readonly TrustStep[] {
  return [systemStep(machine, authority, remove), browserStep(machine, authority, remove)].filter(
    (step) => step !== undefined,
  );
}

function systemStep(
  { platform, isRoot, hasTool, home }: TrustMachine,
  { file, commonName }: TrustedAuthority,
  remove: boolean,
): TrustStep | undefined {
  const name = `${commonName.toLowerCase().replace(/[^a-z0-9]+/g, "-")}.crt`;
  const inFolder = (folder: string, refresh: readonly string[]): TrustStep => {
    const target = path.posix.join(folder, name);
    const change = remove ? ["rm", "-f", target] : ["install", "-m", "0644", file, target];
    return { store: "System store", commands: [change, refresh], isAllowed: isRoot };
  };
  if (platform === "darwin") {
    const keychain = path.posix.join(home, "Library/Keychains/login.keychain-db");
    const command = remove
      ? ["security", "remove-trusted-cert", file]
      : ["security", "add-trusted-cert", "-r", "trustRoot", "-k", keychain, file];
    return { store: "Login keychain", commands: [command], isAllowed: true };
  }
  if (hasTool("update-ca-certificates")) {
    const fresh = remove ? ["--fresh"] : [];
    return inFolder(DEBIAN_FOLDER, ["update-ca-certificates", ...fresh]);
  }
  return hasTool("update-ca-trust") ? inFolder(FEDORA_FOLDER, ["update-ca-trust", "extract"]) : undefined;
}

/** The store that Chromium and Chrome read on Linux. */
function browserStep(
  { platform, hasTool, home }: TrustMachine,
  { file, commonName }: TrustedAuthority,
  remove: boolean,
): TrustStep | undefined {
  if (platform !== "linux" || !hasTool("certutil")) return undefined;
  const folder = path.posix.join(home, ".pki/nssdb");
  const database = ["-d", `sql:${folder}`];
  const commands = remove
    ? [["certutil", "-D", ...database, "-n", commonName]]
    : [
        ["mkdir", "-p", folder],
        ["certutil", "-A", ...database, "-t", "C,,", "-n", commonName, "-i", file],
      ];
  return { store: "Browser store", commands, isAllowed: true };
}
