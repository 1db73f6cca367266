/**
 * Functions for the dynamic provider. Its protocol has no invokes, so functions run in the program's own process. This is the
 * only part of the provider that `sdk/` loads, on the first call of a function.
 */
import { type PartialSettings, resolveMetro } from "../base/config/metroConfig";
import { formatError } from "../base/errors";
import type { Properties } from "../definition/resource";
import { type FunctionName, functionOf } from "../functions/all";
import { callFunction } from "../functions/function";
import { type ProviderContext, createContext } from "../resources/context";

/** One context per metro configuration, so that all calls of a program share connections. */
const contexts = new Map<string, ProviderContext>();

function getContext(settings: PartialSettings): ProviderContext {
  const config = resolveMetro({ stack: settings });
  const key = JSON.stringify(config);
  const context = contexts.get(key) ?? createContext(config);
  contexts.set(key, context);
  return context;
}

/** Calls a function in place of {@link invoke}. */
export type InvokeAnswer = (name: FunctionName, args: Properties, settings: PartialSettings) => Promise<Properties>;

let answer: InvokeAnswer | undefined;

/** From now on a mock answers functions, in a program's unit tests. `undefined`: the metro does again. */
export const answerInvokes = (by: InvokeAnswer | undefined): void => void (answer = by);

/**
 * Calls a function by name.
 *
 * Throws an Error whose message is ready to print and includes the code: `CONFIG_INVALID`, `INPUT_INVALID`, `NOT_FOUND`, or a code of
 * the client.
 */
export async function invoke(name: FunctionName, args: Properties, settings: PartialSettings): Promise<Properties> {
  if (answer !== undefined) return answer(name, args, settings);
  try {
    return await callFunction(functionOf(name), getContext(settings), args);
  } catch (error) {
    throw new Error(formatError(error), { cause: error });
  }
}
