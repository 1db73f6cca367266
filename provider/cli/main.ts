#!/usr/bin/env node
/** The `unikernel` command: dispatches to one file per subcommand. */
import { formatError, UnikernelError } from "../base/errors";
import { fromFolderError } from "../base/localPaths";
import { VERSION } from "../base/version";
import { cacheClear } from "./cacheClear";
import { deleteObject } from "./deleteObject";
import { localDown } from "./localDown";
import { localStatus } from "./localStatus";
import { localTrust } from "./localTrust";
import { localUp } from "./localUp";
import { logs } from "./logs";
import { rollStatus } from "./rollStatus";
import { rollStop } from "./rollStop";

/** A subcommand: takes the arguments after its name, returns the text to print. */
type Command = (args: readonly string[]) => Promise<string>;

const COMMANDS: Readonly<Record<string, Command>> = {
  "cache clear": cacheClear,
  delete: deleteObject,
  "local up": localUp,
  "local status": localStatus,
  "local down": localDown,
  "local trust": localTrust,
  logs,
  "roll status": rollStatus,
  "roll stop": rollStop,
};

const HELP = `Usage: unikernel <command>

  local up             start the local platform; it exits when idle
    --stay               keep running when idle
    --quota <name=n>     set a quota, such as 'instances=10' or 'total_volume_mb=100'; repeatable
  local status         show what is on the local platform
  local down           stop the local platform
    --all                delete everything on it except images first
  local trust          make this machine trust the certificates of the local platform
    --remove             stop trusting them
  logs <name>          show the console log of an instance
    --metro <metro>      metro; default UKC_METRO, else fra
  roll status <service>
                       show who rolls a service out, and which replicas have the newest template
    --metro <metro>      metro; default UKC_METRO, else fra
    --json               print JSON
  roll stop <service>  end the rollout of a service before its next step
    --metro <metro>      metro; default UKC_METRO, else fra
  delete <kind> <name> delete an instance, service, volume, certificate or image that no stack manages
    --metro <metro>      metro; default UKC_METRO, else fra. The token is UKC_TOKEN; 'local' needs none
    --with-instances     delete the instances of a service with it
    --managed            delete it although a stack made it, such as one that a killed update did not record
  cache clear          remove cached runtimes, steps of Dockerfiles and file digests; images stay
  --help               show this text
  --version            show the version`;

async function runCommand(args: readonly string[]): Promise<string> {
  if (args[0] === "--version" || args[0] === "-v") return VERSION;
  if (args.length === 0 || args.includes("--help") || args.includes("-h")) return HELP;
  for (const words of [2, 1]) {
    const name = args.slice(0, words).join(" ");
    if (Object.hasOwn(COMMANDS, name)) return (await COMMANDS[name]?.(args.slice(words))) ?? "";
  }
  throw new UnikernelError("INPUT_INVALID", `Unknown command '${args.slice(0, 2).join(" ")}'.`, {
    hint: `\n\n${HELP}`,
  });
}

runCommand(process.argv.slice(2)).then(
  (text) => console.log(text),
  (error: unknown) => {
    console.error(formatError(fromFolderError(error)));
    process.exitCode = 1;
  },
);
