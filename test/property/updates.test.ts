/** The sentences of a preview, the calls of the update and the result, for arbitrary programs. */
import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import * as fc from "fast-check";
import { UnikernelError } from "../../provider/base/errors";
import { AUTO_NAME_KEY } from "../../provider/definition/naming";
import { check } from "../../provider/definition/check";
import { metaOf, type Properties } from "../../provider/definition/resource";
import { diff } from "../../provider/definition/diff";
import { type ResourceDiff, diffResource } from "../../provider/pulumi/resourceDiff";
import { describeChanges } from "../../provider/pulumi/describeChanges";
import { inputsFromState } from "../../provider/pulumi/dynamic/state";
import { resourceOf } from "../../provider/resources/all";
import { type DeclaredResource, type ProgramKind, anyProgram } from "../support/anyProgram";
import { FOREIGN_SIZE_MB, InMemoryApi, type ApiCall } from "../support/inMemoryApi";
import { RUNS } from "../support/propertyRuns";
import { seededRandom } from "../support/seededRandom";
import { describeInstanceUpdate, describeServiceUpdate, describeUpdate } from "../support/describeCalls";

/** The outcome of each resource of a program. */
const OUTCOMES = {
  invalid: "rejected by check at creation or change",
  long: "skipped since they take long",
  rejected: "rejected by the metro",
  unchanged: "unchanged",
  replaced: "replaced, in the order and with the gap that the preview states",
  locked: "not replaced because of a delete lock",
  updated: "updated by exactly the calls that the preview names",
} as const;
type Outcome = keyof typeof OUTCOMES;

const counts = Object.fromEntries(Object.keys(OUTCOMES).map((outcome) => [outcome, 0])) as Record<Outcome, number>;
/** Calls of the updates. */
let calls = 0;

const DESCRIBE_CALLS: Readonly<Record<ProgramKind, (calls: readonly ApiCall[]) => readonly string[]>> = {
  Instance: describeInstanceUpdate,
  Service: describeServiceUpdate,
  Volume: describeUpdate,
  Certificate: describeUpdate,
};

/** Parts of a sentence that calls cannot show: the size before, the ports of before, the limits of a rollout, and what happens if someone starts it. */
const withoutDetail = (step: string): string =>
  step
    .replace(/^grow it from .* to /, "grow to ")
    .replace(/^(publish .*), and stop publishing .*$/, "$1")
    .replace(/^(roll the changed template out to \d+ replicas?) .*$/, "$1")
    .replace(/, restarting it if it runs by then$/, "");

/** Calls do not show why replicas are replaced: a restart, beside which others are launched or deleted, looks like a changed template. */
const asRoll = (step: string): string =>
  step.replace(
    /^(?:(launch|drain and delete) (\d+) replicas?; )?restart (\d+) replicas? .*$/,
    (_step, action: string | undefined, scaled: string, restarted: string) => {
      const count = Number(restarted) + (action === "launch" ? Number(scaled) : 0);
      return `roll the changed template out to ${count} ${count === 1 ? "replica" : "replicas"}`;
    },
  );

/** Fields that differ between two creations of the same object: identity, times, and whether it runs. */
const PER_OBJECT_FIELDS: readonly string[] = [
  "uuid",
  "name",
  "created_at",
  "state",
  "stop_reason",
  "hostname",
  "private_fqdn",
  "updates",
];

/** An item as the API reports it, with sorted lists and case-insensitive domains. */
function comparable(item: object, more: readonly string[]): unknown {
  const json = JSON.stringify(item, (key, value: unknown) =>
    PER_OBJECT_FIELDS.includes(key) || more.includes(key) ? undefined : value,
  );
  return JSON.parse(json, (key, value: unknown) =>
    key !== "args" && Array.isArray(value)
      ? value.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
      : key === "fqdn"
        ? String(value).toLowerCase()
        : value,
  );
}

const replicasOf = (world: InMemoryApi): unknown =>
  [...world.instances.values()].map((one) => JSON.stringify(comparable(one, ["service_group", "services"]))).sort();

const itemsOf = (world: InMemoryApi, kind: ProgramKind): ReadonlyMap<string, object> =>
  ({ Instance: world.instances, Service: world.services, Volume: world.volumes, Certificate: world.certificates })[
    kind
  ];

/** Fields that keep the value of the server or an earlier program if this one omits them. */
const keptFields = (kind: ProgramKind, inputs: Properties): readonly string[] => [
  ...Object.entries(resourceOf(kind).inputs.shape)
    .filter(([key, schema]) => metaOf(schema as never)?.keptWhenAbsent === true && inputs[key] === undefined)
    .map(([key]) => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)),
  // A released domain cannot be used again; the metro generates another one for a new service.
  ...(kind === "Service" && inputs["domains"] === undefined ? ["domains"] : []),
  // An address that is no longer chosen may stay.
  ...(kind === "Service" && (inputs["ports"] as Properties[]).some(({ ip }) => ip === undefined) ? ["ip"] : []),
];

/** Only the metro knows the size of a template or a copied volume: a smaller request is rejected at creation. */
const isSmallerThanSource = (kind: ProgramKind, { template, cloneFrom, sizeMb }: Properties): boolean =>
  kind === "Volume" && (template !== undefined || cloneFrom !== undefined) && Number(sizeMb) < FOREIGN_SIZE_MB;

async function assertRejected(kind: ProgramKind, { context }: InMemoryApi, inputs: Properties): Promise<void> {
  await assert.rejects(resourceOf(kind).create(context, inputs), ({ cause }: { cause: object }) =>
    UnikernelError.has(cause, "INPUT_INVALID"),
  );
}

/** A resource that exists before its change. */
interface CreatedResource {
  readonly world: InMemoryApi;
  readonly id: string;
  /** As in state: outputs over inputs. */
  readonly state: Properties;
}

async function createResource({ kind }: DeclaredResource, inputs: Properties): Promise<CreatedResource> {
  const resource = resourceOf(kind);
  const world = new InMemoryApi();
  const { id, outputs } = await resource.create(world.context, inputs);
  const observed = await resource.read(world.context, id, inputs, outputs);
  assert.deepEqual(diff(resource, observed?.inputs ?? {}, inputs), [], "drift after the creation");
  return { world, id, state: { ...inputs, ...outputs } };
}

/** Asserts that the result matches a new resource. */
async function assertMatchesNew(
  { kind }: DeclaredResource,
  { world, id, state }: CreatedResource,
  news: Properties,
  kept: readonly string[],
) {
  const resource = resourceOf(kind);
  const now = await resource.read(world.context, id, news, state);
  assert.deepEqual(diff(resource, now?.inputs ?? {}, news), [], "drift after the change");
  const reference = new InMemoryApi();
  const created = await resource.create(reference.context, news);
  assert.deepEqual(
    comparable(itemsOf(world, kind).get(id) ?? {}, kept),
    comparable(itemsOf(reference, kind).get(created.id) ?? {}, kept),
  );
  if (kind !== "Service") return;
  // What a replica has loaded stays marked when the program names no configuration any more. Each service hashes it with a key of its own.
  const mark = news["reloadOn"] === undefined ? "" : '\\"configuration:…\\",';
  const comparableReplicas = (of: InMemoryApi): unknown =>
    JSON.parse(JSON.stringify(replicasOf(of)).replace(/\\"configuration:[0-9a-f]{12}\\",/g, mark));
  assert.deepEqual(comparableReplicas(world), comparableReplicas(reference));
}

const CREATES: readonly string[] = [
  "createInstance",
  "createService",
  "createVolume",
  "cloneVolumes",
  "createCertificate",
];
const DELETES: readonly string[] = ["deleteInstances", "deleteServices", "deleteVolumes", "deleteCertificates"];

/** Calls for the resource itself, not for the replicas of a service. */
const stepOrder = (kind: ProgramKind, apiCalls: readonly ApiCall[]): readonly string[] =>
  apiCalls
    .filter(({ route }) => route.includes(kind))
    .flatMap(({ route }) => (CREATES.includes(route) ? ["create"] : DELETES.includes(route) ? ["delete"] : []));

/** Replaces a resource as the engine does, in the order that the provider requests. */
async function assertReplacement(
  declared: DeclaredResource,
  created: CreatedResource,
  decided: ResourceDiff,
): Promise<Outcome> {
  const { kind } = declared;
  const { world, id, state } = created;
  const resource = resourceOf(kind);
  const [sentence = "", ...others] = describeChanges(resource, decided);
  const isLocked = state["deleteLock"] === true;
  const note = resource.describeReplacement?.(inputsFromState(resource, state), decided.news);
  assert.deepEqual(
    others
      .filter((one) => note === undefined || !one.includes(note))
      .map((one) => one.includes("is locked against deletion")),
    isLocked ? [true] : [],
    "the preview of a replacement has no other sentences",
  );
  // An automatic name is generated again for a replacement.
  const named = decided.news[AUTO_NAME_KEY] === true ? { name: `${String(decided.news["name"])}-next` } : {};
  const inputs = inputsFromState(resource, { ...decided.news, ...named });
  const olds = { inputs: inputsFromState(resource, state), outputs: state };
  const callsBefore = world.calls.length;
  const deleteOld = () => resource.delete(world.context, id, olds);
  if (isLocked) {
    await assert.rejects(deleteOld(), { code: "NOT_ALLOWED" });
    return "locked";
  }
  if (decided.deleteBeforeReplace) await deleteOld();
  if (isSmallerThanSource(kind, inputs)) {
    await assertRejected(kind, world, inputs);
    return "rejected";
  }
  const { id: next, outputs } = await resource.create(world.context, inputs);
  if (!decided.deleteBeforeReplace) await deleteOld();
  const order = stepOrder(kind, world.calls.slice(callsBefore));
  assert.deepEqual(
    order,
    sentence.includes("will be deleted and recreated") ? ["delete", "create"] : ["create", "delete"],
  );
  assert.equal(await resource.read(world.context, id, olds.inputs, state), undefined, "the old object is deleted");
  await assertMatchesNew(declared, { world, id: next, state: outputs }, inputs, []);
  return "replaced";
}

async function assertUpdate(declared: DeclaredResource, created: CreatedResource, after: Properties): Promise<Outcome> {
  const { kind } = declared;
  const { world, id, state } = created;
  const resource = resourceOf(kind);
  const oldInputs = inputsFromState(resource, state);
  // As the check before a preview does.
  await resource.inspectInputs?.(world.context, oldInputs, after);
  const previewedSteps = resource.describeUpdate?.(oldInputs, after, state) ?? [];
  const callsBefore = world.calls.length;
  const olds = { inputs: oldInputs, outputs: state };
  if (kind === "Volume" && Number(after["sizeMb"]) < Number(oldInputs["sizeMb"])) {
    await assert.rejects(resource.update(world.context, id, olds, after), { code: "INPUT_INVALID" });
    assert.deepEqual(world.calls.slice(callsBefore), []);
    return "rejected";
  }
  const updated = await resource.update(world.context, id, olds, after);
  const changed = withoutLock(world.calls.slice(callsBefore), id);
  assert.deepEqual(
    previewedSteps.map(withoutDetail).map(asRoll),
    DESCRIBE_CALLS[kind](changed),
    JSON.stringify(changed),
  );
  calls += changed.length;

  const callsAfterUpdate = world.calls.length;
  if (kind !== "Certificate") await resource.update(world.context, id, { inputs: after, outputs: updated }, after);
  assert.deepEqual(world.calls.slice(callsAfterUpdate), [], "an update to the current inputs changes nothing");
  await assertMatchesNew(declared, { world, id, state: updated }, after, keptFields(kind, after));
  return "updated";
}

/** The calls without those that lock the service while it is rolled out, of which there are two or none. */
function withoutLock(all: readonly ApiCall[], id: string): readonly ApiCall[] {
  const isLock = ({ route, body }: ApiCall): boolean =>
    (route === "createService" && String(body["name"]).startsWith("rollout-lock-")) ||
    (route === "deleteServices" && body["uuid"] !== id);
  const locks = all.filter(isLock).map(({ route }) => route);
  assert.ok(locks.length === 0 || isDeepStrictEqual(locks, ["createService", "deleteServices"]), locks.join());
  return all.filter((call) => !isLock(call));
}

/** Longest `stableForMs` to run: a rollout checks its instances every 200 ms for this long. */
const MAX_STABLE_MS = 1_000;
/** More instances than this are slow even in memory. */
const MAX_SCALED = 20;

/**
 * A slow rollout, a gate, a reload by request or another strategy, which need what no metro in memory has (they have tests of their own), autoscale with a
 * large minimum, or a wait for what no guest in memory does.
 */
function takesLong(inputs: Properties): boolean {
  const { rollout, autoscale, waitFor, reload } = inputs as {
    reload?: object;
    waitFor?: string;
    rollout?: { stableForMs?: number; gate?: object; strategy?: string };
    autoscale?: { minSize?: number };
  };
  return (
    (rollout?.stableForMs ?? 0) > MAX_STABLE_MS ||
    rollout?.gate !== undefined ||
    reload !== undefined ||
    rollout?.strategy === "canary" ||
    rollout?.strategy === "blueGreen" ||
    (autoscale?.minSize ?? 0) > MAX_SCALED ||
    waitFor === "completed" ||
    waitFor === "answering"
  );
}

async function changeResource(declared: DeclaredResource, isNamed: boolean): Promise<Outcome> {
  const { kind } = declared;
  const resource = resourceOf(kind);
  const before = await check(resource, {}, declared.before);
  if (before.failures.length > 0) return "invalid";
  const after = await check(resource, before.inputs, declared.after);
  if (after.failures.length > 0) return "invalid";
  if (takesLong(before.inputs) || takesLong(after.inputs)) return "long";
  if (isSmallerThanSource(kind, before.inputs)) {
    await assertRejected(kind, new InMemoryApi(), before.inputs);
    return "rejected";
  }
  const created = await createResource(declared, before.inputs);
  const own = isNamed ? {} : { [AUTO_NAME_KEY]: true };
  const [olds, news] = [
    { ...created.state, ...own },
    { ...after.inputs, ...own },
  ];
  const decided = diffResource(resource, { label: kind, olds, news, movesMetro: false });
  if (decided.changes.length === 0) return "unchanged";
  return decided.changes.some(({ replace }) => replace)
    ? assertReplacement(declared, created, decided)
    : assertUpdate(declared, created, after.inputs);
}

describe("the update of a random program", function () {
  this.timeout(Math.max(300_000, RUNS.numRuns * 30));

  it("is described in the order of its calls, whatever happens between two PATCHes", () => {
    const patch = (prop: string): ApiCall => ({ route: "patchInstances", body: { prop } });
    const start: ApiCall = { route: "startInstances", body: {} };
    assert.deepEqual(describeInstanceUpdate([patch("memory_mb"), patch("env"), start, patch("tags")]), [
      "change memoryMb and env in place",
      "start it",
      "change tags in place",
    ]);
  });

  it("makes the calls of its preview and matches a new resource", async () => {
    await fc.assert(
      fc.asyncProperty(anyProgram, async ({ resources, seed }) => {
        const choose = seededRandom(seed);
        for (const declared of resources) counts[await changeResource(declared, choose() < 0.5)] += 1;
      }),
      RUNS,
    );
    const all = Object.values(counts).reduce((sum, count) => sum + count, 0);
    const outcomes = Object.entries(OUTCOMES).map(([outcome, what]) => `${counts[outcome as Outcome]} ${what}`);
    console.log(`      ${RUNS.numRuns} programs, ${all} resources: ${outcomes.join("; ")} (${calls} calls)`);
  });
});
