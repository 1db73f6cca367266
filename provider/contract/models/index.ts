/**
 * Schemas of the REST API's bodies. Names are in snake_case; `_mb` is MiB, `_s` seconds, `_ms` milliseconds, `_us` microseconds.
 *
 * Requests are strict, because servers reject unknown members. Responses are loose: a newer server may add fields, and some
 * servers write null for missing values. Client and local platform share these schemas.
 */
export * from "./account";
export * from "./autoscale";
export * from "./certificate";
export * from "./common";
export * from "./drain";
export * from "./envelope";
export * from "./instance";
export * from "./instanceOperations";
export {
  INSTANCE_STATES,
  inlineFile,
  rom,
  scaleToZero,
  MAX_SCHEDULES,
  schedule,
  type InlineFile,
  type InstanceState,
  type Schedule,
  MAX_ARGS,
  MAX_ENV_VARIABLES,
} from "./instanceParts";
export * from "./memberRequest";
export * from "./readinessProbe";
export * from "./service";
export * from "./volume";
export * from "./volumeFiles";
