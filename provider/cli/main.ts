#!/usr/bin/env node
/** The `unikernel` command. Its exit codes are those of `ExitCode`. */
import { runCommandLine } from "./runCommandLine";
import { exitOnFailedOutput } from "./terminal/stream";

exitOnFailedOutput();
void runCommandLine(process.argv.slice(2)).then((code) => (process.exitCode = code));
