/**
 * Many resources through the real engine: this library, two providers of a constant text and one shared `pulumi.dynamic.Resource`
 * provider that send the same requests by hand, and resources that do nothing (the engine's own minimum), in turn, in one run. Of the
 * two, `constant` has the four properties that its program needs, and `complete` all that the library's Volume has: the SDK and the
 * engine take time for each property, whoever provides it.
 *
 * npm run bench -- resources [--count 300] [--rounds 3]
 */
import { parseArgs } from "node:util";
import { assertSucceeded } from "../support/engine";
import { type ReceivedRequest, startFakeApi, success } from "../support/fakeApi";
import { TestProject } from "../support/project";
import { type Ratio, least } from "./ratios";

const FORMS = ["library", "constant", "complete", "shared", "nothing"] as const;
type Form = (typeof FORMS)[number];

/** Results of one round: times in seconds, size in bytes. */
interface Round {
  readonly createS: number;
  readonly unchangedS: number;
  readonly stateBytes: number;
  /** Requests of creating and deleting, as sorted text. */
  readonly requests: string;
}

/** A volume store in memory. */
function volumeApi() {
  const volumes = new Map<string, object>();
  return ({ method, url, body }: ReceivedRequest) => {
    if (method === "POST") {
      const { name, size_mb, tags } = body as { name: string; size_mb: number; tags?: string[] };
      const settings = { size_mb, tags, state: "available", filesystem: "ext4" };
      const volume = { status: "success", uuid: `uuid-${name}`, name, ...settings };
      volumes.set(volume.uuid, volume);
      return success("volumes", volume);
    }
    // The names that are taken, which a program asks for before its first create.
    if (new URL(url, "http://x").searchParams.has("count")) return success("volumes", ...volumes.values());
    const uuid =
      new URL(url, "http://x").searchParams.get("uuid") ?? (body as { uuid: string }[] | undefined)?.[0]?.uuid ?? "";
    return success("volumes", volumes.get(uuid) ?? { status: "error", error: 8, uuid });
  };
}

async function round(form: Form, count: number): Promise<Round> {
  await using api = await startFakeApi(volumeApi());
  const project = await TestProject.copy("test/fixtures/projects/many");
  try {
    const stack = project.stack({
      "unikernel:metro": api.url,
      "unikernel:token": { secret: "t" },
      "many:count": String(count),
      "many:url": api.url,
      "many:form": form,
    });
    const created = assertSucceeded(await stack.up());
    const sent = api.requests.length;
    const unchanged = assertSucceeded(await stack.up({ expectNoChanges: true }));
    if (api.requests.length > sent) throw new Error(`an unchanged up sent ${api.requests.length - sent} requests`);
    const stateBytes = Buffer.byteLength(await project.readStoredState());
    assertSucceeded(await stack.destroy());
    const requests = api.requests.map(({ method, url }) => `${method} ${url}`);
    return {
      createS: created.durationMs / 1000,
      unchangedS: unchanged.durationMs / 1000,
      stateBytes,
      requests: requests.sort().join("\n"),
    };
  } finally {
    await project.remove();
  }
}

export async function benchResources(args: string[]): Promise<readonly Ratio[]> {
  const { values } = parseArgs({
    args,
    options: { count: { type: "string", default: "300" }, rounds: { type: "string", default: "3" } },
  });
  const count = Number(values.count);
  const rounds: Record<Form, Round[]> = { library: [], constant: [], complete: [], shared: [], nothing: [] };
  for (let i = 0; i < Number(values.rounds); i++) {
    for (const form of FORMS) rounds[form].push(await round(form, count));
  }
  for (const form of ["constant", "complete"] as const) {
    if (rounds.library[0]?.requests !== rounds[form][0]?.requests)
      throw new Error(`the provider '${form}' sends other requests than the library`);
  }
  const row = (form: Form) => ({
    createS: least(rounds[form].map((r) => r.createS)),
    unchangedS: least(rounds[form].map((r) => r.unchangedS)),
    stateBytes: least(rounds[form].map((r) => r.stateBytes)),
  });
  const [library, constant, complete] = [row("library"), row("constant"), row("complete")];
  const [shared, nothing] = [row("shared"), row("nothing")];
  console.log(`${count} resources, minimum of ${values.rounds} rounds; an unchanged up sends no request:`);
  for (const [form, r] of Object.entries({ library, constant, complete, shared, nothing })) {
    console.log(
      `  ${form.padEnd(8)} create ${r.createS.toFixed(2)} s, unchanged up ${r.unchangedS.toFixed(2)} s, state ${(r.stateBytes / 1024).toFixed(0)} KiB`,
    );
  }
  return [
    { name: "create: library/constant", value: library.createS / constant.createS, target: 1.1 },
    { name: "create: library/complete", value: library.createS / complete.createS, target: 1.1 },
    { name: "create: complete/constant", value: complete.createS / constant.createS },
    { name: "create: library/shared", value: library.createS / shared.createS, target: 0.6 },
    { name: "create: library/nothing", value: library.createS / nothing.createS },
    { name: "unchanged up: library/constant", value: library.unchangedS / constant.unchangedS, target: 1.1 },
    { name: "unchanged up: library/complete", value: library.unchangedS / complete.unchangedS, target: 1.1 },
    { name: "unchanged up: complete/constant", value: complete.unchangedS / constant.unchangedS },
    { name: "unchanged up: library/shared", value: library.unchangedS / shared.unchangedS },
    { name: "unchanged up: library/nothing", value: library.unchangedS / nothing.unchangedS },
    { name: "state: library/shared", value: library.stateBytes / shared.stateBytes, target: 0.26 },
  ];
}
