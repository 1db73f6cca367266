/** `unikernel local dashboard` */
import * as z from "zod";
import { parseOptions } from "../../base/commandLineOptions";
import { UnikernelError } from "../../base/errors";
import { connectLocal } from "./client";

const TIMEOUT_MS = 10_000;
const linkResponse = z.object({ url: z.string() });

/** A link that opens the dashboard of the local platform once, within five minutes. Starts the daemon if none runs. */
export async function dashboard(args: readonly string[]): Promise<string> {
  parseOptions(args, {});
  const { daemon } = await connectLocal();
  const response = await fetch(`${daemon.url}/dashboard/link`, {
    method: "POST",
    headers: { Authorization: `Bearer ${daemon.token}` },
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (response.ok) {
    const { url } = linkResponse.parse(await response.json());
    return `Open this link within five minutes; it works once:\n\n  ${url}`;
  }
  throw new UnikernelError("API_REJECTED", `Getting a link to the dashboard failed with HTTP ${response.status}.`, {
    hint: "A daemon of an older version has no dashboard: stop it with 'npx unikernel local down'.",
  });
}
