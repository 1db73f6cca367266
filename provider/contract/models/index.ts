/**
 * Bodies on the wire, as the REST API writes them: snake_case, `_mb` is MiB, `_ms` milliseconds, `_us` microseconds.
 *
 * Requests are strict, because servers refuse unknown members. Replies are loose: a newer server may add fields, and some
 * servers write null for what is not there. Client and local platform both read these models.
 */
export * from "./account";
export * from "./autoscale";
export * from "./certificate";
export * from "./common";
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
export * from "./service";
export * from "./volume";
