/** `unikernel local up --at-login` and `unikernel local down --at-login`: a unit of the user's systemd, enabled as `systemctl` does it. */
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { detachedProcessEnvironment, environmentVariable } from "../../../base/config/environment";
import { UnikernelError, hasErrorCode } from "../../../base/errors";
import { findTool } from "../../../base/exec";
import { createFolder, writeFileAtomic } from "../../../base/files";
import { isLingering } from "./linger";
import { loginUnit, loginUnitName } from "./loginUnit";

/** The command itself, which only runs compiled. */
const PROGRAM = path.join(__dirname, "..", "..", "main.js");

/** The unit, and the link that enables it. */
function unitFiles(): { readonly unit: string; readonly link: string } {
  const folder = path.join(os.homedir(), ".config", "systemd", "user");
  const name = loginUnitName(environmentVariable("UNIKERNEL_STATE_DIR"));
  return { unit: path.join(folder, name), link: path.join(folder, "default.target.wants", name) };
}

/** Throws `NOT_SUPPORTED` without systemd. */
export function assertCanStartAtLogin(): void {
  if (findTool("systemctl") !== undefined) return;
  throw new UnikernelError("NOT_SUPPORTED", "There is no systemd on this machine to start the local platform.", {
    hint: "Have what starts your session run 'npx unikernel local up --stay'.",
  });
}

/** From the next login on, the user's systemd runs `unikernel local up` with these options. Returns a sentence for the user. */
export async function startAtLogin(options: readonly string[]): Promise<string> {
  const { unit, link } = unitFiles();
  const command = [process.execPath, PROGRAM, "local", "up", ...options];
  await createFolder(path.dirname(link));
  await writeFileAtomic(unit, loginUnit(command, detachedProcessEnvironment()));
  await fs.rm(link, { force: true });
  await fs.symlink(unit, link);
  return describeStart(unit, isLingering());
}

/** The sentence about a unit. A user who lingers is logged in from the start of the machine, as systemd sees it. Pure. */
export function describeStart(unit: string, lingers: boolean): string {
  const again = "Run this command again after you have moved or updated this package.";
  if (lingers) return `It starts with this machine (${unit}). ${again}`;
  return `It starts at your next login (${unit}). To start it with this machine instead, and to keep VMs when you log out, run 'loginctl enable-linger'. ${again}`;
}

/** Ends what {@link startAtLogin} began. Returns a sentence for the user; the platform itself goes on. */
export async function stopStartingAtLogin(): Promise<string> {
  const { unit, link } = unitFiles();
  await fs.rm(link, { force: true });
  const wasThere = await fs.rm(unit).then(
    () => true,
    (error: unknown) => {
      if (hasErrorCode(error, "ENOENT")) return false;
      throw error;
    },
  );
  return wasThere ? "It no longer starts at your login." : "It did not start at your login.";
}
