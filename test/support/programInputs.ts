/**
 * The process in which a program runs against mocks of the engine that respond from a state: it receives one request and sends
 * what the program registered. Its working directory is the project.
 */
import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import type { OldResource } from "./oldState";

/** A resource as a program registered it, secrets in clear. */
export interface Registration {
  readonly type: string;
  readonly name: string;
  /** Name of its explicit Provider; empty for none. */
  readonly provider: string;
  readonly inputs: Readonly<Record<string, unknown>>;
}

/** Source: @pulumi/pulumi `runtime/rpc.ts`, `specialSigKey`: marks special values, such as a secret with its `value`. */
const SPECIAL = "4dabf18193072939515e22adb298388d";

function inClear(value: unknown): unknown {
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map(inClear);
  if (SPECIAL in value) return inClear((value as { value?: unknown }).value);
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, inClear(member)]));
}

async function run(resources: readonly OldResource[]): Promise<readonly Registration[]> {
  const registered: Registration[] = [];
  await pulumi.runtime.setMocks(
    {
      newResource: ({ type, name, inputs, provider = "", id = "" }) => {
        const known = resources.find((one) => one.type === type && one.name === name);
        registered.push({
          type,
          name,
          provider: provider.split("::").at(-2) ?? "",
          inputs: inClear(inputs) as Registration["inputs"],
        });
        return { id: known?.id ?? id, state: known?.outputs ?? {} };
      },
      call: () => ({}),
    },
    "old-state",
    "dev",
    false,
  );
  await pulumi.runtime.runInPulumiStack(() =>
    Promise.resolve({ ...(require(path.resolve("index.ts")) as Record<string, unknown>) }),
  );
  await pulumi.runtime.disconnect();
  return registered;
}

process.once("message", (resources: readonly OldResource[]) => {
  void run(resources).then((registered) => process.send?.(registered, undefined, undefined, () => process.exit(0)));
});
