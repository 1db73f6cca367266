/** The table of all subcommands, in the order of the help. */
import { cacheClear } from "./cacheClear";
import { checkPlan } from "./ci/checkPlan";
import { comment } from "./ci/comment";
import type { Command } from "./command";
import { deleteObject } from "./deleteObject";
import { dashboard } from "./local/dashboard";
import { copyFiles } from "./local/copyFiles";
import { doctor } from "./local/doctor/doctor";
import { down } from "./local/down";
import { env } from "./local/env";
import { images } from "./local/images";
import { attachConsole } from "./local/instances/console";
import { exec } from "./local/instances/exec";
import { gdb } from "./local/instances/gdb";
import { removeInstances, startInstances, stopInstances } from "./local/instances/operate";
import { ps } from "./local/instances/ps";
import { metrics } from "./local/metrics";
import { status } from "./local/status";
import { trust } from "./local/machine/trust";
import { up } from "./local/up";
import { listVolumes } from "./local/volumes";
import { localLogs, logs } from "./logs";
import { rollStatus } from "./roll/status";
import { rollStop } from "./roll/stop";
import { topology } from "./topology/topology";

const METRO = ["--metro <metro>", "metro; default UKC_METRO, else fra"] as const;
const JSON_OUTPUT = ["--json", "for programs"] as const;

/** All subcommands. */
export const COMMANDS: readonly Command[] = [
  {
    name: "local up",
    summary: "start the local platform; it exits when idle",
    options: [
      ["--stay", "keep running when idle"],
      ["--at-login", "start it at each login as well, with the other options and --stay"],
      ["--port <port>", "serve the API at this port of 127.0.0.1; default a free one"],
      ["--quota <name=n>", "set a quota, such as 'instances=10' or 'total_volume_mb=100'; repeatable"],
    ],
    run: up,
  },
  { name: "local status", summary: "show what is on the local platform", run: status },
  {
    name: "local down",
    summary: "stop the local platform",
    options: [
      ["--all", "delete everything on it except images first"],
      ["--at-login", "no longer start it at login either"],
    ],
    run: down,
  },
  {
    name: "local env",
    summary: "print UKC_METRO and UKC_TOKEN for other clients, as lines for a shell",
    options: [JSON_OUTPUT],
    run: env,
  },
  {
    name: "local trust",
    summary: "make this machine trust the certificates of the local platform",
    options: [["--remove", "stop trusting them"]],
    run: trust,
  },
  {
    name: "local doctor",
    summary: "check what this machine supports, and how to mend the rest",
    options: [JSON_OUTPUT],
    run: doctor,
  },
  { name: "local ps", summary: "list the instances", options: [JSON_OUTPUT], run: ps },
  { name: "local start", operands: "<instance>…", summary: "start instances", run: startInstances },
  {
    name: "local stop",
    operands: "<instance>…",
    summary: "stop instances",
    options: [["--force", "end their VMs at once"]],
    run: stopInstances,
  },
  {
    name: "local rm",
    operands: "<instance>…",
    summary: "delete instances that no stack manages; takes no name of a resource",
    options: [["--managed", "delete them although a stack made them"]],
    run: removeInstances,
  },
  {
    name: "local logs",
    operands: "<instance>",
    summary: "show the console log of an instance",
    options: [["-f, --follow", "go on until it stops, or Ctrl-C"]],
    run: localLogs,
  },
  {
    name: "local exec",
    operands: "<instance> -- <command> [argument]…",
    summary: "run a command in an instance and exit with its exit code; wakes the instance",
    options: [
      ["-i, --stdin", "the command reads the standard input of this program, up to its end"],
      ["--timeout <seconds>", "kill the command after this time; default never"],
    ],
    run: exec,
  },
  {
    name: "local console",
    operands: "<instance>",
    summary: "attach to the serial console of an instance; Ctrl-] detaches",
    run: attachConsole,
  },
  {
    name: "local gdb",
    operands: "<instance>",
    summary: "open the GDB stub of an instance",
    options: [["--off", "close it"]],
    run: gdb,
  },
  { name: "local images", summary: "list the images of this machine", options: [JSON_OUTPUT], run: images },
  { name: "local volume ls", summary: "list the volumes", options: [JSON_OUTPUT], run: listVolumes },
  { name: "local dashboard", summary: "print a link that opens the dashboard in a browser, once", run: dashboard },
  {
    name: "local volume cp",
    operands: "<volume>: <folder> | <folder> <volume>:",
    summary: "copy the files of a volume to a folder, or of a folder to a volume",
    run: copyFiles,
  },
  { name: "local metrics", summary: "print the metrics in the Prometheus text format", run: metrics },
  {
    name: "logs",
    operands: "<instance>",
    summary: "show the console log of an instance of any metro",
    options: [["-f, --follow", "go on until it stops, or Ctrl-C"], METRO],
    run: logs,
  },
  {
    name: "roll status",
    operands: "<service>",
    summary: "show who rolls a service out, and which replicas have the newest template",
    options: [METRO, JSON_OUTPUT],
    run: rollStatus,
  },
  {
    name: "roll stop",
    operands: "<service>",
    summary: "end the rollout of a service before its next step",
    options: [METRO],
    run: rollStop,
  },
  {
    name: "delete",
    operands: "<kind> <name>",
    summary: "delete an instance, service, volume, certificate or image that no stack manages",
    options: [
      ["--metro <metro>", "metro; default UKC_METRO, else fra. The token is UKC_TOKEN; 'local' needs none"],
      ["--with-instances", "delete the instances of a service with it"],
      ["--managed", "delete it although a stack made it, such as one that a killed update did not record"],
    ],
    run: deleteObject,
  },
  {
    name: "ci comment",
    operands: "[preview.json | -]",
    summary: "turn 'pulumi preview --json' into Markdown for reviewers; prints nothing if nothing changes",
    run: comment,
  },
  {
    name: "ci check-plan",
    operands: "<plan.json> [preview.json | -]",
    summary: "tell whether a saved plan still applies; exits with 1 if not",
    run: checkPlan,
  },
  {
    name: "topology",
    operands: "[export.json | -]",
    summary: "turn 'pulumi stack export' into a picture of the stack (SVG) without secrets",
    run: topology,
  },
  {
    name: "cache clear",
    summary: "remove cached runtimes, steps of Dockerfiles and file digests; images stay",
    run: cacheClear,
  },
];
