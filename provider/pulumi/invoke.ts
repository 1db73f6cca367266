/**
 * Functions for the dynamic provider. Its protocol has no invokes, so functions run in the program's own process. Only this part
 * of the provider is loaded by `sdk/`, with the first call of a function.
 */
import { type PartialSettings, resolveMetro } from "../base/config/metroConfig";
import { formatError } from "../base/errors";
import type { Properties } from "../definition/resource";
import { type FunctionName, functionOf } from "../functions/all";
import { callFunction } from "../functions/function";
import { type ProviderContext, createContext } from "../resources/context";

/** One context per metro and token: connections are shared by all calls of a program. */
const contexts = new Map<string, ProviderContext>();

function getContext(settings: PartialSettings): ProviderContext {
  const config = resolveMetro({ stack: settings });
  const key = JSON.stringify(config);
  const context = contexts.get(key) ?? createContext(config);
  contexts.set(key, context);
  return context;
}

/**
 * Calls a function by name.
 *
 * Throws one sentence with its code, as a program prints it: `CONFIG_INVALID`, `INPUT_INVALID`, `NOT_FOUND`, and what the client throws.
 */
export async function invoke(name: FunctionName, args: Properties, settings: PartialSettings): Promise<Properties> {
  try {
    return await callFunction(functionOf(name), getContext(settings), args);
  } catch (error) {
    throw new Error(formatError(error), { cause: error });
  }
}
