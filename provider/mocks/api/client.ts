/** A client whose calls are answered in this process. */
import type * as z from "zod";
import { UnikernelError } from "../../base/errors";
import type { Client } from "../../client/client";
import { type RouteName, routes } from "../../contract/routes";

/** A request as the handlers get it. */
export interface MockRequest {
  readonly query: Readonly<Record<string, never>>;
  readonly path: Readonly<Record<string, string>>;
}

/** Answers one entry of the body, or the whole request if it has none. Returns one item, or all. */
export type MockHandler = (body: never, request: MockRequest) => object | readonly object[];

/** The operations that a mock metro answers. */
export type MockHandlers = { readonly [K in RouteName]?: MockHandler };

/** A value as it comes out of JSON: no answer shares objects with the metro. */
const copy = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

/** Items as the real client returns them: parsed by their model, failed ones as they are. */
function toItems(item: z.ZodType, answers: readonly object[]): readonly unknown[] {
  return answers.map((answer) =>
    (answer as { status?: unknown }).status === "error" ? copy(answer) : item.parse(copy(answer)),
  );
}

/**
 * Creates the client. Bodies are validated by the models of the API.
 *
 * @param metro as the user wrote it
 */
export function createMockClient(metro: string, handlers: MockHandlers): Client {
  let changeCount = 0;
  const call =
    (name: RouteName) =>
    async (request: { body?: unknown; query?: object; path?: object }): Promise<unknown> => {
      await Promise.resolve();
      const { body, item, method } = routes[name];
      const handler = handlers[name];
      if (handler === undefined)
        throw new UnikernelError("NOT_SUPPORTED", `The mock of metro '${metro}' does not answer ${name}.`);
      if (method !== "GET") changeCount += 1;
      const given: unknown = request.body === undefined ? undefined : body.parse(copy(request.body));
      const context = { query: request.query ?? {}, path: request.path ?? {} } as MockRequest;
      const entries: readonly unknown[] = Array.isArray(given) ? given : [given];
      const answers = entries.flatMap((entry) => handler(entry as never, context));
      return { items: toItems(item, answers), message: undefined, metro, requestId: undefined };
    };
  const names = Object.keys(routes) as RouteName[]; // the keys of a constant table
  const calls = Object.fromEntries(names.map((name) => [name, call(name)]));
  return Object.assign(calls, { metro, changeCount: () => changeCount }) as unknown as Client;
}
