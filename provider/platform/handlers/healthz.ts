/** Health: whether VMs can be run here, and by what. */
import { setTimeout as sleep } from "node:timers/promises";
import { findTool } from "../../base/exec";
import type { Platform } from "../registry";
import { VERSION } from "../../base/version";
import type { Handlers } from "./request";

/** How long an answer may take; the VMM's timed probe of its accelerator can take longer the first time. */
const PATIENCE_MS = 1_000;
/** How long a description of the VMM counts. */
const FRESH_MS = 60_000;

type Description = {
  readonly check: "healthy" | "degraded" | "unknown";
  readonly facts: Readonly<Record<string, string>>;
};

/** Handler of `/v1/healthz`. */
export function healthzHandlers(platform: Platform): Pick<Handlers, "getHealthz"> {
  let known: { readonly at: number; readonly description: Promise<Description> } | undefined;
  const describe = (): Promise<Description> =>
    platform.parts.vmm.describe().then(
      (facts) => ({ check: "healthy", facts }),
      (error: unknown) => ({
        check: "degraded",
        facts: { vmm: error instanceof Error ? error.message : String(error) },
      }),
    );
  return {
    getHealthz: async () => {
      if (known === undefined || Date.now() - known.at > FRESH_MS) known = { at: Date.now(), description: describe() };
      const pending = sleep<Description>(PATIENCE_MS, { check: "unknown", facts: {} }, { ref: false });
      const { check, facts } = await Promise.race([known.description, pending]);
      const volumes = findTool("mkfs.ext4") === undefined ? "degraded" : "healthy";
      const versions = { platform: VERSION, node: process.versions.node, ...facts };
      return { items: [{ checks: { vmm: check, volumes }, versions }] };
    },
  };
}
