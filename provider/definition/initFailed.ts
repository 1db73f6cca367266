/** A resource that exists although creating or updating it failed: its id and properties must reach the state. */
import { errorMessage } from "../base/errors";
import type * as z from "zod";
import type { Properties } from "./resource";

/** Key of outputs that say that it is down by the doing of what failed. Kept by a refresh; gone with the next update that succeeds. */
export const PENDING_START_KEY = "__owesStart";

/** Throw it from `create` or `update`; the front ends store id and outputs and report the cause. */
export class ResourceInitFailedError extends Error {
  override readonly name = "ResourceInitFailedError";
  readonly id: string;
  readonly outputs: Properties;
  override readonly cause: unknown;

  constructor(id: string, outputs: Properties, cause: unknown) {
    super(errorMessage(cause));
    this.id = id;
    this.outputs = outputs;
    this.cause = cause;
  }
}

/** None of these inputs, to lay those that it has over: what was asked for, and is not there, must not stay in state. */
export const clearedInputs = (inputs: z.ZodObject): Properties =>
  Object.fromEntries(Object.keys(inputs.shape).map((name) => [name, undefined]));

/** The outputs in a state, which holds more than that. */
export const pickOutputs = (outputs: z.ZodObject, state: Properties): Properties =>
  Object.fromEntries(Object.entries(state).filter(([name]) => name in outputs.shape));
