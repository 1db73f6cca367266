/** Health: whether this machine can run VMs, and with which VMM. */
import { errorMessage } from "../../base/errors";
import { LOCAL_FEATURES } from "../../contract/models";
import { setTimeout as sleep } from "node:timers/promises";
import { findTool } from "../../base/exec";
import type { Registry } from "../registry";
import { VERSION } from "../../base/version";
import type { Handlers } from "./handler";

/**
 * Milliseconds to wait for the VMM's description; then the check is `unknown`. The first probe of the accelerator can
 * take longer.
 */
const DESCRIBE_TIMEOUT_MS = 1_000;
/** Milliseconds for which a description of the VMM is cached. */
const DESCRIPTION_MAX_AGE_MS = 60_000;

type VmmDescription = {
  readonly check: "healthy" | "degraded" | "unknown";
  readonly facts: Readonly<Record<string, string>>;
};

/** Handler of `/v1/healthz`. */
export function healthzHandlers(registry: Registry): Pick<Handlers, "getHealthz"> {
  let known: { readonly at: number; readonly description: Promise<VmmDescription> } | undefined;
  const describe = (): Promise<VmmDescription> =>
    registry.parts.vmm.describe().then(
      (facts) => ({ check: "healthy", facts }),
      (error: unknown) => ({
        check: "degraded",
        facts: { vmm: errorMessage(error) },
      }),
    );
  return {
    getHealthz: async () => {
      if (known === undefined || Date.now() - known.at > DESCRIPTION_MAX_AGE_MS)
        known = { at: Date.now(), description: describe() };
      const pending = sleep<VmmDescription>(DESCRIBE_TIMEOUT_MS, { check: "unknown", facts: {} }, { ref: false });
      const { check, facts } = await Promise.race([known.description, pending]);
      const volumes = findTool("mkfs.ext4") === undefined ? "degraded" : "healthy";
      const versions = { platform: VERSION, node: process.versions.node, ...facts };
      const features = registry.parts.strict2026 ? {} : { features: [...LOCAL_FEATURES] };
      return { items: [{ ...features, checks: { vmm: check, volumes }, versions }] };
    },
  };
}
