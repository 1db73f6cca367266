/**
 * Time of the provider for an unchanged resource: check and diff, as the engine calls them in a preview, through the real process of
 * @pulumi/pulumi. The target is relative to the same calls of a provider that does nothing. Two calls without properties are printed for
 * comparison: no provider comes close to them, since the process itself needs more than that time again to convert properties.
 *
 * npm run bench -- preview [--count 50] [--rounds 40]
 */
import { parseArgs } from "node:util";
import { DynamicProcess } from "../support/dynamicProcess";
import { startFakeApi } from "../support/fakeApi";
import { fleetApi } from "./fleetApi";
import { type Ratio, least } from "./ratios";

const IMAGE = `app@sha256:${"a".repeat(64)}`;

/** Inputs of a preview, as in a program. */
const SUBJECTS = {
  Instance: { image: IMAGE, memoryMb: 256, env: { A: "b" }, autostart: false },
  Service: {
    ports: [{ port: 443, destinationPort: 8080, handlers: ["tls", "http"] }],
    replicas: 0,
    template: { image: IMAGE, memoryMb: 256, env: { A: "b" }, tags: ["one", "two"] },
  },
} as const;

/** A provider that accepts all inputs unchanged and reports no changes. */
const DOES_NOTHING = `exports.handler=()=>({
  check: async (olds, news) => ({ inputs: news, failures: [] }),
  diff: async () => ({ changes: false }),
})`;

async function benchKind(kind: keyof typeof SUBJECTS, count: number, rounds: number): Promise<readonly Ratio[]> {
  await using api = await startFakeApi(fleetApi());
  const settings = { "unikernel:metro": api.url, "unikernel:token": "t" };
  const inputs = { name: "web", ...SUBJECTS[kind], __resourceName: "web" };
  const provider = await DynamicProcess.start(kind, settings);
  const idle = await DynamicProcess.start(kind, settings, undefined, DOES_NOTHING);
  try {
    const { inputs: checked } = await provider.check({}, inputs);
    // The engine passes the whole state: inputs and outputs.
    const { id, outs } = await provider.create(checked);
    const unchanged = async (process: DynamicProcess): Promise<void> => {
      const { failures } = await process.check(checked, inputs);
      const { changes } = await process.diff(id, outs, checked);
      if (changes || failures.length > 0) throw new Error("diff reports a change of an unchanged resource");
    };
    const empty = async (): Promise<void> => {
      await idle.ping();
      await idle.ping();
    };
    const millisecondsOf = async (work: () => Promise<void>): Promise<number> => {
      const startedAt = performance.now();
      for (let i = 0; i < count; i++) await work();
      return (performance.now() - startedAt) / count;
    };
    for (let i = 0; i < 200; i++) await Promise.all([unchanged(provider), unchanged(idle)]);
    const requestsBefore = api.requests.length;
    const times: Record<"library" | "nothing" | "empty", number[]> = { library: [], nothing: [], empty: [] };
    for (let i = 0; i < rounds; i++) {
      times.library.push(await millisecondsOf(() => unchanged(provider)));
      times.nothing.push(await millisecondsOf(() => unchanged(idle)));
      times.empty.push(await millisecondsOf(empty));
    }
    if (api.requests.length > requestsBefore)
      throw new Error(`a preview without changes sent ${api.requests.length - requestsBefore} requests`);
    const [library, nothing, calls] = [least(times.library), least(times.nothing), least(times.empty)];
    console.log(
      `check and diff of an unchanged ${kind}: ${library.toFixed(2)} ms; with a provider that does nothing ${nothing.toFixed(2)} ms; ` +
        `two calls without properties ${calls.toFixed(2)} ms`,
    );
    return [
      { name: `check and diff of ${kind}: library/nothing`, value: library / nothing, target: 1.5 },
      { name: `check and diff of ${kind}: library/calls without properties`, value: library / calls },
      { name: `check and diff of ${kind}: nothing/calls without properties`, value: nothing / calls },
    ];
  } finally {
    await Promise.all([provider.stop(), idle.stop()]);
  }
}

export async function benchPreview(args: string[]): Promise<readonly Ratio[]> {
  const { values } = parseArgs({
    args,
    options: { count: { type: "string", default: "50" }, rounds: { type: "string", default: "40" } },
  });
  const ratios: Ratio[] = [];
  for (const kind of ["Instance", "Service"] as const)
    ratios.push(...(await benchKind(kind, Number(values.count), Number(values.rounds))));
  return ratios;
}
