/** `unikernel local metrics` */
import { parseOptions } from "../../base/commandLineOptions";
import { UnikernelError } from "../../base/errors";
import { requireLocal } from "./client";

const TIMEOUT_MS = 30_000;

/** The metrics of the platform in the Prometheus text format, as a scrape of `/metrics` gets them. Starts no daemon. */
export async function metrics(args: readonly string[]): Promise<string> {
  parseOptions(args, {});
  const { daemon } = await requireLocal();
  const response = await fetch(`${daemon.url}/metrics`, {
    headers: { Authorization: `Bearer ${daemon.token}` },
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (response.ok) return (await response.text()).trimEnd();
  throw new UnikernelError("API_REJECTED", `Reading the metrics failed with HTTP ${response.status}.`, {
    hint: "A daemon of an older version has none: stop it with 'npx unikernel local down'.",
  });
}
