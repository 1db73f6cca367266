/**
 * The daemon as a program: `node dist/provider/platform/main.js`, with the options of `unikernel local up`. That command
 * and the provider start it when they need it.
 *
 * Exit codes: 0 stopped on request or because it was idle, 1 failed to start, 3 another daemon uses this state folder.
 */
import { environmentVariable } from "../base/config/environment";
import { formatError } from "../base/errors";
import { fromFolderError, localPaths } from "../base/localPaths";
import { startDaemon } from "./daemon";
import { PulledImages } from "./pulledImages";
import { resolveQuotas } from "./quota/quotaSettings";
import { parseSettings } from "./daemonSettings";
import { QemuVmm } from "./vmm/qemu/qemu";

/** Exit code when another daemon uses the state folder. */
const EXIT_ALREADY_RUNNING = 3;

async function main(): Promise<number> {
  const paths = localPaths();
  const { stay, quotas, port } = parseSettings(process.argv.slice(2), environmentVariable("UNIKERNEL_QUOTAS"));
  const daemon = await startDaemon({
    paths,
    vmm: new QemuVmm(paths),
    pulledImages: new PulledImages(paths.pulledImagesDir),
    stay,
    port,
    quotas: resolveQuotas(quotas),
  });
  if (daemon === undefined) {
    process.stderr.write(`Another daemon of the local platform uses '${paths.stateDir}'.\n`);
    return EXIT_ALREADY_RUNNING;
  }
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => void daemon.close());
  await daemon.ended;
  return 0;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${formatError(fromFolderError(error))}\n`);
    process.exit(1);
  },
);
