/** `unikernel local trust`: makes this machine's clients trust the certificates of the local platform. */
import * as os from "node:os";
import { parseOptions } from "../../../base/commandLineOptions";
import { exec, findTool } from "../../../base/exec";
import { UnikernelError } from "../../../base/errors";
import { localPaths } from "../../../base/localPaths";
import { ensureCertificateAuthority } from "../../../platform/certificates/caFiles";
import { type TrustMachine, type TrustStep, planTrust } from "./trustSteps";

/**
 * Adds the certificate authority of this state folder to the stores of this machine, or removes it from them (`--remove`). Stores that
 * this user may not change are listed with the commands that do it.
 *
 * Throws `INPUT_INVALID` for invalid arguments, `OPERATION_FAILED` when a store rejects the change.
 */
export async function trust(args: readonly string[]): Promise<string> {
  const { remove } = parseOptions(args, { remove: "switch" });
  const paths = localPaths();
  const { commonName } = ensureCertificateAuthority(paths, Date.now());
  const machine: TrustMachine = {
    platform: process.platform,
    isRoot: process.getuid?.() === 0,
    home: os.homedir(),
    hasTool: (tool) => findTool(tool) !== undefined,
  };
  const authority = { file: paths.caFile, commonName };
  const lines = [`The certificate authority of the local platform is ${paths.caFile} ('${commonName}').`];
  for (const step of planTrust(machine, authority, remove)) lines.push(await takeStep(step));
  if (!remove)
    lines.push(`For one program: curl --cacert ${paths.caFile}, or NODE_EXTRA_CA_CERTS=${paths.caFile} for Node.`);
  return lines.join("\n");
}

async function takeStep({ store, commands, isAllowed }: TrustStep): Promise<string> {
  const quoted = (word: string): string => (/^[\w/.:,=-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);
  const asText = commands.map((command) => command.map(quoted).join(" ")).join(" && ");
  if (!isAllowed) return `${store}: run as root: ${asText}`;
  for (const [tool = "", ...args] of commands) {
    const { code, stderr } = await exec(tool, args);
    if (code === 0) continue;
    throw new UnikernelError(
      "OPERATION_FAILED",
      `Changing ${store} failed: '${tool}' ended with ${code ?? "a signal"}.`,
      {
        hint: stderr.trim(),
      },
    );
  }
  return `${store}: done.`;
}
