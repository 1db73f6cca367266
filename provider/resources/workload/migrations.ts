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

/** The same for the workload in `template`. */
export const dropTemplateScaleToZeroDefaults: Migration = (state) => {
  const { template } = state;
  if (template === null || typeof template !== "object") return state;
  return { ...state, template: dropScaleToZeroDefaults(template as Properties) };
};
