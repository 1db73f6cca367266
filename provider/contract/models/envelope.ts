/** The wrapper of every reply. */
import * as z from "zod";

/** `data` holds one key named after the type. */
export const envelope = z.looseObject({
  status: z.enum(["success", "error", "partial_success", "unconfigured"]),
  message: z.string().optional(),
  data: z.record(z.string(), z.unknown()).nullish(),
  errors: z.array(z.looseObject({ status: z.int().optional(), message: z.string().optional() })).nullish(),
  op_time_us: z.number().optional(),
});
