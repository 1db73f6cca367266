/** Errors of creates and updates after which the resource exists, so that its id and properties must be saved in state. */
import { errorMessage } from "../base/errors";
import type * as z from "zod";
import type { Properties } from "./resource";

/**
 * Key of an output: the next update must run, whatever the program changes, because instances are left to be started, or replicas to be
 * replaced. A refresh keeps the key; the next successful update removes it.
 */
export const PENDING_START_KEY = "__owesStart";

/** Thrown by `create` and `update` to save the id and outputs in state and report the cause. */
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

/** Every input as `undefined`, to be overlaid with the actual ones, so that values that were not applied do not stay in state. */
export const clearedInputs = (inputs: z.ZodObject): Properties =>
  Object.fromEntries(Object.keys(inputs.shape).map((name) => [name, undefined]));

/** The output properties of a state. */
export const pickOutputs = (outputs: z.ZodObject, state: Properties): Properties =>
  Object.fromEntries(Object.entries(state).filter(([name]) => name in outputs.shape));
