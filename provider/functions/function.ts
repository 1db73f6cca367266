/**
 * Functions: they look up existing objects without managing them. Checks, `schema.json`, and the SDK's `getX` and `getXOutput`
 * are derived from one definition, as for resources.
 */
import * as z from "zod";
import { UnikernelError } from "../base/errors";
import { check } from "../definition/check";
import type { Definition, Properties, Rule } from "../definition/resource";
import type { ProviderContext } from "../resources/context";

/** What a function uses: the client, and the metro for messages. */
export type FunctionContext = Pick<ProviderContext, "client" | "metro">;

/** A function. `I` are its arguments, `O` its result. */
export interface FunctionDefinition<I extends z.ZodObject, O extends z.ZodObject> {
  /** `getInstance` becomes the token `unikernel:index:getInstance`. */
  readonly kind: string;
  readonly description: string;
  readonly inputs: I;
  readonly outputs: O;
  readonly rules?: readonly Rule<z.output<I>>[];
  /** Throws `NOT_FOUND` for one object that does not exist; a list is empty then. */
  run(context: FunctionContext, inputs: z.output<I>): Promise<z.output<O>>;
}

/** Declares a function. */
export const defineFunction = <I extends z.ZodObject, O extends z.ZodObject>(
  definition: FunctionDefinition<I, O>,
): FunctionDefinition<I, O> => Object.freeze(definition);

/** A function whose own types were given up, for code that treats all alike. */
export type AnyFunction = FunctionDefinition<z.ZodObject, z.ZodObject>;

/** Checks arguments and runs a function. Throws `INPUT_INVALID` with the path of every argument that is wrong. */
export async function callFunction(
  definition: AnyFunction,
  context: FunctionContext,
  given: Properties,
): Promise<Properties> {
  const { inputs, failures } = await check(definition as unknown as Definition, {}, given);
  if (failures.length > 0) {
    const reasons = failures.map(({ property, reason }) => (property === "" ? reason : `${property}: ${reason}`));
    throw new UnikernelError(
      "INPUT_INVALID",
      `${definition.kind} was called with wrong arguments: ${reasons.join(" ")}`,
    );
  }
  return definition.run(context, inputs);
}
