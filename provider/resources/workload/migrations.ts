/** Migrations of workload inputs that an earlier release wrote. Pure. */
import type { Migration, Properties } from "../../definition/resource";
import { SERVER_DEFAULTS } from "./codecs";

const isDefault = (name: string, value: unknown): boolean =>
  Object.hasOwn(SERVER_DEFAULTS, name) && (SERVER_DEFAULTS as Properties)[name] === value;

/** A workload without the members of `scaleToZero` that have the server's default; earlier releases filled them in. */
export const dropScaleToZeroDefaults: Migration = (workload) => {
  const { scaleToZero } = workload;
  if (scaleToZero === null || typeof scaleToZero !== "object") return workload;
  const given = Object.entries(scaleToZero).filter(([name, value]) => !isDefault(name, value));
  return { ...workload, scaleToZero: Object.fromEntries(given) };
};

/** A workload whose interfaces name their `network`; earlier releases called it `tapName`. */
export const renameTapName: Migration = (workload) => {
  const { networkInterfaces } = workload;
  if (!Array.isArray(networkInterfaces)) return workload;
  const renamed = (networkInterfaces as readonly unknown[]).map((one) => {
    if (one === null || typeof one !== "object" || !("tapName" in one)) return one;
    const { tapName, ...rest } = one;
    return { ...rest, network: tapName };
  });
  return { ...workload, networkInterfaces: renamed };
};

/** The same migration for the workload in `template`. */
export const inTemplate =
  (migration: Migration): Migration =>
  (state) => {
    const { template } = state;
    if (template === null || typeof template !== "object") return state;
    return { ...state, template: migration(template as Properties) };
  };
