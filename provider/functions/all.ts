/** The definitions of all functions. */
import { getImages, getMetros, getQuotas } from "./account";
import { getCertificate, getCertificates } from "./certificates";
import type { AnyFunction } from "./function";
import { getInstance, getInstanceLogs, getInstanceMetrics, getInstances } from "./instances";
import { getService, getServices } from "./services";
import { getVolume, getVolumes } from "./volumes";

/** Name → definition. */
export const functions = {
  getInstance,
  getInstances,
  getInstanceLogs,
  getInstanceMetrics,
  getService,
  getServices,
  getVolume,
  getVolumes,
  getCertificate,
  getCertificates,
  getImages,
  getQuotas,
  getMetros,
} as const;

/** Name of a function. */
export type FunctionName = keyof typeof functions;

/** The definition of a function, without its specific argument and result types. */
export const functionOf = (name: FunctionName): AnyFunction => functions[name] as unknown as AnyFunction;
