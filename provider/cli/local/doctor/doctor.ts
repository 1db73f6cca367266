/** `unikernel local doctor` */
import { parseOptions } from "../../../base/commandLineOptions";
import { countOf } from "../../../base/formatNumber";
import { type CommandResult, ExitCode } from "../../command";
import { styled, type Style } from "../../terminal/table";
import { findLocal } from "../client";
import { assessMachine, type Check, type CheckStatus } from "./checks";
import { gatherFacts } from "./facts";

const STYLES: Readonly<Record<CheckStatus, Style>> = { ok: "green", warn: "yellow", fail: "red" };
const NAME_WIDTH = 14;

/** Reports what this machine supports and how to mend the rest; exits with 1 if a VM could not run. Starts no daemon. */
export async function doctor(args: readonly string[]): Promise<CommandResult> {
  const { json } = parseOptions(args, { json: "switch" });
  const found = await findLocal();
  const services = found === undefined ? [] : (await found.client.getServices({})).items;
  const publishedPorts = services.flatMap((service) => (service.services ?? []).map(({ port }) => port));
  const checks = assessMachine(await gatherFacts(publishedPorts));
  return {
    text: json ? JSON.stringify(checks, undefined, 2) : formatChecks(checks),
    exitCode: checks.some(({ status }) => status === "fail") ? ExitCode.failure : ExitCode.success,
  };
}

function formatChecks(checks: readonly Check[]): string {
  const lines = checks.flatMap(({ name, status, detail, fix }) => [
    `${styled({ text: status.padEnd(4), style: STYLES[status] })}  ${name.padEnd(NAME_WIDTH)}  ${detail}`,
    ...(fix === undefined ? [] : [`      ${"".padEnd(NAME_WIDTH)}  ${fix}`]),
  ]);
  const count = (wanted: CheckStatus): number => checks.filter(({ status }) => status === wanted).length;
  const summary = count("fail") > 0 ? "VMs cannot run on this machine as it is." : "VMs can run on this machine.";
  const counts = [`${count("ok")} ok`, countOf(count("warn"), "warning"), countOf(count("fail"), "failure")];
  return [...lines, "", `${summary} ${counts.join(", ")}.`].join("\n");
}
