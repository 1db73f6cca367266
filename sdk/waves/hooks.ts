/** The hooks of one wave. The engine calls them in the program's process, before, after and instead of a change. */
import * as pulumi from "@pulumi/pulumi";
import { settingsOfProvider, toPromise } from "../invoke";
import type { RolloutWave } from "../rolloutWave";
import { providerOf } from "./checks";
import { type PassedWave, loadWaves } from "./provider";
import { ChangedServices } from "./revert";

/** A wave before the one that has the hooks. */
export interface EarlierWave {
  readonly resource: RolloutWave;
  readonly changed: ChangedServices;
}

/** The hooks of the resources of one wave. */
export interface WaveHooks {
  readonly ofServices: pulumi.ResourceHookBinding;
  readonly ofWave: pulumi.ResourceHookBinding;
  readonly changed: ChangedServices;
}

/** What the hooks of a wave depend on. */
export interface HookedWave {
  readonly component: pulumi.ComponentResource;
  /** Unique in the program. */
  readonly hookName: string;
  readonly wave: string;
  readonly provider: pulumi.ProviderResource | undefined;
  readonly earlier: readonly EarlierWave[];
  readonly onFailure: "stop" | "rollback";
}

/** Codes of errors that say that somebody ended the update. */
const ENDED = /^(ROLLOUT_STOPPED|CANCELLED)\b/m;

/** Rejects if an earlier wave runs something else than what passed. What the preview does not know yet is about to change. */
async function assertEarlier(earlier: readonly EarlierWave[]): Promise<void> {
  for (const { resource } of earlier) {
    const wave = await known<PassedWave>(
      pulumi
        .all([resource.name, resource.services, resource.tags])
        .apply(([name, services, tags]) => ({ name, services, tags })),
    );
    const settings = await known(settingsOfProvider(providerOf(resource)));
    if (wave !== undefined && settings !== undefined)
      await loadWaves().assertPassed(wave, settings, pulumi.runtime.isDryRun());
  }
}

const known = <T>(output: pulumi.Output<T>): Promise<T | undefined> => toPromise(output).catch(() => undefined);

/** True if the replicas of a Service return to the old template when an update fails. */
const isRolledBack = (state: object): boolean => {
  const { rollout } = state as { readonly rollout?: { readonly onFailure?: string } };
  return rollout === undefined || rollout.onFailure === undefined || rollout.onFailure === "rollback";
};

/** False in a program's own unit tests: Pulumi's mocks run no hook, and a resource with hooks would never be registered. */
function canHook(): boolean {
  const monitor = pulumi.runtime.getMonitor() as { readonly registerResourceHook?: unknown } | undefined;
  return monitor === undefined || typeof monitor.registerResourceHook === "function";
}

/** Registers the hooks of a wave. */
export function hooksOf({ component, hookName, wave, provider, earlier, onFailure }: HookedWave): WaveHooks {
  const changed = new ChangedServices(component, wave);
  if (!canHook()) return { ofServices: {}, ofWave: {}, changed };
  const before =
    earlier.length === 0
      ? []
      : [new pulumi.ResourceHook(`${hookName}-before`, () => assertEarlier(earlier), { onDryRun: true })];
  const after = new pulumi.ResourceHook(`${hookName}-after`, (args) => changed.add(args, provider));
  const failed = new pulumi.ErrorHook(`${hookName}-failed`, async ({ errors }) => {
    // With Ctrl-C everything stays as it is, as in a rollout.
    if (errors.some((error) => ENDED.test(error))) return false;
    await changed.revert(isRolledBack);
    if (onFailure === "rollback") for (const one of earlier.slice().reverse()) await one.changed.revert();
    return false;
  });
  const both = { beforeCreate: before, beforeUpdate: before };
  return {
    ofServices: { ...both, afterUpdate: [after], ...(onFailure === "rollback" ? { onError: [failed] } : {}) },
    ofWave: { ...both, onError: [failed] },
    changed,
  };
}
