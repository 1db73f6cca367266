/** The systemd unit that starts the local platform at login. Pure. Sources: systemd.syntax(7), systemd.service(5), systemd.exec(5). */
import * as crypto from "node:crypto";

/** Variables that decide which platform it is and what it finds; the user's manager sets all others itself. */
const KEPT_VARIABLES =
  /^(PATH|DOCKER_CONFIG|XDG_STATE_HOME|XDG_CACHE_HOME|UNIKERNEL_(STATE_DIR|CACHE_DIR|QEMU|ACCEL|QUOTAS))$/;

/** A word of a unit file: `%` begins a specifier, and blanks, quotes and backslashes end a word. */
const quote = (text: string): string =>
  `"${text.replace(/["\\]/g, "\\$&").replaceAll("%", "%%").replaceAll("\n", "\\n")}"`;

/** In a command line, `$` begins a variable as well. */
const quoteArgument = (text: string): string => quote(text).replaceAll("$", "$$$$");

/** The unit's file name. A platform in a folder of its own has a unit of its own. */
export function loginUnitName(stateDir: string | undefined): string {
  if (stateDir === undefined) return "unikernel-local.service";
  return `unikernel-local-${crypto.createHash("sha256").update(stateDir).digest("hex").slice(0, 8)}.service`;
}

/**
 * The unit's text.
 *
 * @param command program and arguments that start the platform and exit
 * @param environment of the platform; only what decides about it is kept
 */
export function loginUnit(command: readonly string[], environment: Readonly<Record<string, string>>): string {
  const variables = Object.entries(environment).filter(([name]) => KEPT_VARIABLES.test(name));
  return [
    "[Unit]",
    "Description=Local platform of pulumi-unikernel",
    "",
    "[Service]",
    // The command exits and leaves the daemon and its VMs behind, which a stopped unit must not take along.
    "Type=oneshot",
    "RemainAfterExit=yes",
    "KillMode=process",
    ...variables.map(([name, value]) => `Environment=${quote(`${name}=${value}`)}`),
    `ExecStart=${command.map(quoteArgument).join(" ")}`,
    "",
    "[Install]",
    "WantedBy=default.target",
    "",
  ].join("\n");
}
