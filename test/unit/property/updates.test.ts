/** What a preview names, what an update does, and what is there after it, for arbitrary programs. `UNIKERNEL_TEST_UPDATES`: how many. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { check } from "../../../provider/definition/check";
import { metaOf, type Properties } from "../../../provider/definition/define";
import { diff } from "../../../provider/definition/diff";
import { inputsOf } from "../../../provider/frontend/state";
import { resourceOf } from "../../../provider/resources/all";
import { type Declared, type ProgramKind, anyProgram } from "../../support/anyProgram";
import { FOREIGN_SIZE_MB, ModelApi, type ModelCall } from "../../support/modelApi";
import { tellInstanceUpdate, tellServiceUpdate, tellUpdate } from "../../support/tellCalls";

/** Each costs some hundred calls, so that there are fewer by default than where only inputs are judged. */
const PROGRAMS = Number(process.env["UNIKERNEL_TEST_UPDATES"] ?? 3_000);

const counts = { resources: 0, updates: 0, calls: 0, replacements: 0, unchanged: 0, refused: 0, left: 0 };

const TOLD: Readonly<Record<ProgramKind, (calls: readonly ModelCall[]) => readonly string[]>> = {
  Instance: tellInstanceUpdate,
  Service: tellServiceUpdate,
  Volume: tellUpdate,
  Certificate: tellUpdate,
};

/** How much of a sentence the calls alone cannot tell: the size before, the limits of a roll, and what happens if somebody starts it. */
const withoutDetail = (step: string): string =>
  step
    .replace(/^grow from .* to /, "grow to ")
    .replace(/, with up to \d+ more and \d+ less than that at a time$/, "")
    .replace(/, for which it is stopped and started if it runs by then$/, "");

/** What tells one making of the same thing from another: who it is, when it was made, and whether it runs. */
const OWN: readonly string[] = [
  "uuid",
  "name",
  "created_at",
  "state",
  "stop_reason",
  "hostname",
  "private_fqdn",
  "updates",
];

/** An item as the API shows it, lists in one order. */
function shown(item: object, more: readonly string[]): unknown {
  const told = JSON.stringify(item, (key, value: unknown) =>
    OWN.includes(key) || more.includes(key) ? undefined : value,
  );
  return JSON.parse(told, (key, value: unknown) =>
    key !== "args" && Array.isArray(value)
      ? value.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
      : value,
  );
}

const replicasOf = (world: ModelApi): unknown =>
  [...world.instances.values()].map((one) => JSON.stringify(shown(one, ["service_group", "services"]))).sort();

const itemsOf = (world: ModelApi, kind: ProgramKind): ReadonlyMap<string, object> =>
  ({ Instance: world.instances, Service: world.services, Volume: world.volumes, Certificate: world.certificates })[
    kind
  ];

/** Fields that keep what the server or an earlier program said, where this one says nothing. */
const keptBy = (kind: ProgramKind, inputs: Properties): readonly string[] => [
  ...Object.entries(resourceOf(kind).inputs.shape)
    .filter(([key, schema]) => metaOf(schema as never)?.keptWhenAbsent === true && inputs[key] === undefined)
    .map(([key]) => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)),
  // Once released, domains are gone; that a new service has one is the metro's gift.
  ...(kind === "Service" && inputs["domains"] === undefined ? ["domains"] : []),
];

/** How large a template or a copied volume is, only the metro knows: asking for less is refused when it does. */
const asksForLessThanItsOrigin = (kind: ProgramKind, { template, cloneFrom, sizeMb }: Properties): boolean =>
  kind === "Volume" && (template !== undefined || cloneFrom !== undefined) && Number(sizeMb) < FOREIGN_SIZE_MB;

async function judgeUpdate({ kind }: Declared, before: Properties, after: Properties): Promise<void> {
  const resource = resourceOf(kind);
  const world = new ModelApi();
  if (asksForLessThanItsOrigin(kind, before)) {
    await assert.rejects(resource.create(world.context, before), ({ cause }: { cause: { code: string } }) => {
      return cause.code === "INPUT_INVALID";
    });
    return void (counts.refused += 1);
  }
  const { id, outputs } = await resource.create(world.context, before);
  const observed = await resource.read(world.context, id, before);
  assert.deepEqual(diff(resource, observed?.inputs ?? {}, before), [], "drift after the creation");

  // As front ends keep it: what was reported, over what was asked for.
  const had = inputsOf(resource, { ...before, ...outputs });
  const changes = diff(resource, had, after);
  if (changes.length === 0) return void (counts.unchanged += 1);
  if (changes.some(({ replace }) => replace)) return void (counts.replacements += 1);
  const foretold = resource.describeUpdate?.(had, after, outputs) ?? [];
  const callsBefore = world.calls.length;
  if (kind === "Volume" && Number(after["sizeMb"]) < Number(had["sizeMb"])) {
    await assert.rejects(resource.update(world.context, id, { inputs: had, outputs }, after), {
      code: "INPUT_INVALID",
    });
    assert.deepEqual(world.calls.slice(callsBefore), []);
    return void (counts.refused += 1);
  }
  const updated = await resource.update(world.context, id, { inputs: had, outputs }, after);
  const made = world.calls.slice(callsBefore);
  assert.deepEqual(foretold.map(withoutDetail), TOLD[kind](made), JSON.stringify(made));
  counts.updates += 1;
  counts.calls += made.length;

  const now = await resource.read(world.context, id, after);
  assert.deepEqual(diff(resource, now?.inputs ?? {}, after), [], "drift after the update");
  const callsThen = world.calls.length;
  if (kind !== "Certificate") await resource.update(world.context, id, { inputs: after, outputs: updated }, after);
  assert.deepEqual(world.calls.slice(callsThen), [], "an update to what is there changes nothing");

  const fresh = new ModelApi();
  const anew = await resource.create(fresh.context, after);
  const kept = keptBy(kind, after);
  assert.deepEqual(
    shown(itemsOf(world, kind).get(id) ?? {}, kept),
    shown(itemsOf(fresh, kind).get(anew.id) ?? {}, kept),
  );
  if (kind === "Service") assert.deepEqual(replicasOf(world), replicasOf(fresh));
}

/** A roll looks at its instances every 200 ms for as long as this many seconds. */
const MAX_STABLE_SECONDS = 1;
/** More instances than that take their time also in memory. */
const MAX_SCALED = 20;

/** A roll that asks over the network or takes its time, and autoscale that begins with many. */
function takesLong(inputs: Properties): boolean {
  const { rollout, autoscale } = inputs as {
    rollout?: { stableForSeconds?: number; health?: object };
    autoscale?: { minSize?: number };
  };
  return (
    (rollout?.stableForSeconds ?? 0) > MAX_STABLE_SECONDS ||
    rollout?.health !== undefined ||
    (autoscale?.minSize ?? 0) > MAX_SCALED
  );
}

async function judge(declared: Declared): Promise<void> {
  const resource = resourceOf(declared.kind);
  counts.resources += 1;
  const before = await check(resource, {}, declared.before);
  if (before.failures.length > 0) return;
  const after = await check(resource, before.inputs, declared.after);
  if (after.failures.length > 0) return;
  if (takesLong(before.inputs) || takesLong(after.inputs)) return void (counts.left += 1);
  await judgeUpdate(declared, before.inputs, after.inputs);
}

describe("the update of any program", function () {
  this.timeout(Math.max(300_000, PROGRAMS * 30));

  it("makes the calls that its preview names, and leaves what the program would make afresh", async () => {
    await fc.assert(
      fc.asyncProperty(anyProgram, async ({ resources }) => {
        for (const declared of resources) await judge(declared);
      }),
      { numRuns: PROGRAMS },
    );
    const { resources, updates, calls, replacements, unchanged, refused, left } = counts;
    console.log(
      `      ${PROGRAMS} programs: ${resources} resources, ${replacements} replacements, ${unchanged} unchanged, ${refused} refused by the metro's facts, ${left} left out since they take long, ` +
        `${updates} updates whose preview named each of the ${calls} calls that they made, and no other`,
    );
  });
});
