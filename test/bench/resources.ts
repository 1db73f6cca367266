/**
 * Many resources through the real engine: this library, one shared `pulumi.dynamic.Resource` provider doing the same
 * requests, and resources that do nothing (the engine's own floor), in turn, in one run. Prints ratios.
 *
 * npm run bench -- resources [--count 300] [--rounds 3]
 */
import { parseArgs } from "node:util";
import { assertSucceeded } from "../support/engine";
import { type ReceivedRequest, startFakeApi, success } from "../support/fakeApi";
import { TestProject } from "../support/project";

const FORMS = ["library", "shared", "nothing"] as const;
type Form = (typeof FORMS)[number];

/** Seconds and bytes of one round. */
interface Round {
  readonly createS: number;
  readonly unchangedS: number;
  readonly stateBytes: number;
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

/** A volume store in memory. */
function volumeApi() {
  const volumes = new Map<string, object>();
  return ({ method, url, body }: ReceivedRequest) => {
    if (method === "POST") {
      const { name, size_mb } = body as { name: string; size_mb: number };
      const volume = { status: "success", uuid: `uuid-${name}`, name, size_mb, state: "available", filesystem: "ext4" };
      volumes.set(volume.uuid, volume);
      return success("volumes", volume);
    }
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
    const unchanged = assertSucceeded(await stack.up({ expectNoChanges: true }));
    const stateBytes = Buffer.byteLength(await project.readStoredState());
    assertSucceeded(await stack.destroy());
    return { createS: created.durationMs / 1000, unchangedS: unchanged.durationMs / 1000, stateBytes };
  } finally {
    await project.remove();
  }
}

export async function benchResources(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: { count: { type: "string", default: "300" }, rounds: { type: "string", default: "3" } },
  });
  const count = Number(values.count);
  const rounds: Record<Form, Round[]> = { library: [], shared: [], nothing: [] };
  for (let i = 0; i < Number(values.rounds); i++) {
    for (const form of FORMS) rounds[form].push(await round(form, count));
  }
  const row = (form: Form) => ({
    createS: median(rounds[form].map((r) => r.createS)),
    unchangedS: median(rounds[form].map((r) => r.unchangedS)),
    stateBytes: median(rounds[form].map((r) => r.stateBytes)),
  });
  const [library, shared, nothing] = [row("library"), row("shared"), row("nothing")];
  console.log(`${count} resources, medians of ${values.rounds} rounds:`);
  for (const [form, r] of Object.entries({ library, shared, nothing })) {
    console.log(
      `  ${form.padEnd(8)} create ${r.createS.toFixed(2)} s, unchanged up ${r.unchangedS.toFixed(2)} s, state ${(r.stateBytes / 1024).toFixed(0)} KiB`,
    );
  }
  const ratio = (a: number, b: number) => (a / b).toFixed(2);
  console.log(
    `create:  library/shared ${ratio(library.createS, shared.createS)} (aim 0.60), library/nothing ${ratio(library.createS, nothing.createS)}`,
  );
  console.log(
    `up:      library/shared ${ratio(library.unchangedS, shared.unchangedS)}, library/nothing ${ratio(library.unchangedS, nothing.unchangedS)}`,
  );
  console.log(`state:   library/shared ${ratio(library.stateBytes, shared.stateBytes)} (aim 0.25)`);
}
