/** The envelope of every response. */
import * as z from "zod";

/** Envelope of a response. `data` has a single key, named after the type of its items. `op_time_us` is in microseconds. */
export const envelope = z.looseObject({
  status: z.enum(["success", "error", "partial_success", "unconfigured"]),
  message: z.string().optional(),
  data: z.record(z.string(), z.unknown()).nullish(),
  errors: z.array(z.looseObject({ status: z.int().optional(), message: z.string().optional() })).nullish(),
  op_time_us: z.number().optional(),
});
