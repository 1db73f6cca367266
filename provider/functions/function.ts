/**
 * Functions look up existing objects without managing them. As for resources, the checks, `schema.json`, and the SDK's `getX` and
 * `getXOutput` are derived from one definition.
 */
import * as z from "zod";
import { UnikernelError } from "../base/errors";
import { check } from "../definition/check";
import type { Definition, Properties, Rule } from "../definition/resource";
import type { ProviderContext } from "../resources/context";

/** The context of a function: the API client, and the metro for error messages. */
export type FunctionContext = Pick<ProviderContext, "client" | "metro">;

/** Definition of a function. `I` is the schema of its arguments, `O` of its result. */
export interface FunctionDefinition<I extends z.ZodObject, O extends z.ZodObject> {
  /** Name: `getInstance` becomes the token `unikernel:index:getInstance`. */
  readonly kind: string;
  readonly description: string;
  readonly inputs: I;
  readonly outputs: O;
  readonly rules?: readonly Rule<z.output<I>>[];
  /** Runs the function. Throws `NOT_FOUND` if a single object does not exist; a list is empty instead. */
  run(context: FunctionContext, inputs: z.output<I>): Promise<z.output<O>>;
}

/** Declares a function. */
export const defineFunction = <I extends z.ZodObject, O extends z.ZodObject>(
  definition: FunctionDefinition<I, O>,
): FunctionDefinition<I, O> => Object.freeze(definition);

/** A definition of any function, for code that treats all functions alike. */
export type AnyFunction = FunctionDefinition<z.ZodObject, z.ZodObject>;

/** Checks the arguments and runs the function. Throws `INPUT_INVALID`, which names every invalid argument by path. */
export async function callFunction(
  definition: AnyFunction,
  context: FunctionContext,
  args: Properties,
): Promise<Properties> {
  const { inputs, failures } = await check(definition as unknown as Definition, {}, args);
  if (failures.length > 0) {
    const reasons = failures.map(({ property, reason }) => (property === "" ? reason : `${property}: ${reason}`));
    throw new UnikernelError(
      "INPUT_INVALID",
      `${definition.kind} was called with invalid arguments: ${reasons.join(" ")}`,
    );
  }
  return definition.run(context, inputs);
}
