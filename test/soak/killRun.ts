/** One kill: brings the stack to where the operation starts, kills the operation, recovers, and counts what went wrong. */
import { execFile } from "node:child_process";
import * as path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { makeCertificate } from "../support/certificates";
import { freePort } from "../support/freePorts";
import { type RandomSource, seededRandom } from "../support/seededRandom";
import { type Differences, compareWithState } from "./compare";
import type { EngineSession, SessionResult } from "./engineSession";
import { type Kill, type Moment, OPERATIONS, type Operation } from "./killPlan";
import { type KillPoint, type RequestKind, type RequestProfile, RequestGate } from "./requestGate";
import type { SessionRequest } from "./engineProcess";
import type { SoakPlatform } from "./soakPlatform";
import type { SoakProject, Variant } from "./soakProject";

/** What a kill led to. */
export interface KillResult {
  readonly kill: Kill;
  /** False: the operation ended before its moment came. Then nothing else is counted. */
  readonly killed: boolean;
  readonly duplicates: readonly string[];
  readonly lost: readonly string[];
  /** Operations of the recovery that failed, or that changed something again. */
  readonly failures: readonly string[];
  readonly leaks: readonly string[];
  /** A killed delete: the `up` before the refresh failed, because it took an object for granted whose delete was not recorded. */
  readonly neededRefresh: boolean;
  /** Objects that the next `up` named together with the command that removes them. */
  readonly leftovers: readonly string[];
  /** Requests of a provider that had lost its engine more than a second ago. */
  readonly lateRequests: readonly string[];
  /** Providers that outlived their engine by 20 s. */
  readonly outlived: number;
  readonly durationMs: number;
  /** Requests and output, for whoever looks for the reason. */
  readonly log: string;
}

/** What every run needs. */
export interface SoakSetup {
  readonly platform: SoakPlatform;
  readonly project: SoakProject;
  /** Additional inputs of the Instance. */
  readonly waiting: object;
}

/** The requests of each form of an operation when nothing is killed. */
export type Profiles = Readonly<Record<Operation, readonly RequestProfile[]>>;

/** Deletions may end after their response. */
const SETTLE_MS = 5_000;
/** A command that removes an object, in what `up` prints, and the object's name. */
const REMOVAL = /npx unikernel (delete \S+ (\S+)(?: --[-a-z]+(?: [a-z]\S*)?)*)/g;

const COMMON_NAMES = ["one.example.com", "two.example.com"] as const;
const CERTIFICATES = COMMON_NAMES.map((name) => [makeCertificate(name), makeCertificate(name)] as const);

/** The programs before and after an operation, and how it runs. */
interface Change {
  readonly before: Variant;
  readonly after: Variant;
  readonly operation: SessionRequest["operation"];
  readonly replace: readonly string[];
}

const certificateOf = (name: 0 | 1, renewal: 0 | 1): Variant => ({
  commonName: COMMON_NAMES[name],
  chain: CERTIFICATES[name]?.[renewal].chain,
  key: CERTIFICATES[name]?.[renewal].pkey,
});

const URNS = ["Volume::data", "Instance::db", "Service::web", "Certificate::cert"].map(
  (end) => `urn:pulumi:soak::soak::pulumi-nodejs:dynamic/unikernel:${end}`,
);

/** The forms of each operation: `replace` and `delete` have two. */
function changesOf(port: number, waiting: object): Readonly<Record<Operation, readonly Change[]>> {
  const before: Variant = {
    isEmpty: false,
    sizeMb: 16,
    volumeTags: ["one"],
    memoryMb: 128,
    restartPolicy: "never",
    port,
    softLimit: 1,
    version: "one",
    trigger: "one",
    waiting,
    ...certificateOf(0, 0),
  };
  const empty: Variant = { ...before, isEmpty: true };
  const updated = { ...before, volumeTags: ["one", "two"], memoryMb: 144, softLimit: 2, ...certificateOf(0, 1) };
  const replaced = { ...before, sizeMb: 8, restartPolicy: "on-failure", ...certificateOf(1, 0) };
  const up = { operation: "up", replace: [] } as const;
  return {
    create: [{ ...up, before: empty, after: before }],
    update: [{ ...up, before, after: updated }],
    roll: [{ ...up, before, after: { ...before, version: "two" } }],
    replace: [
      { operation: "up", before, after: before, replace: URNS },
      { ...up, before, after: { ...before, trigger: "two" } },
      { ...up, before, after: replaced },
    ],
    // What `destroy` deletes is created again by the next `up`; what the program has dropped is not.
    delete: [
      { operation: "destroy", before, after: before, replace: [] },
      { ...up, before, after: empty },
    ],
  };
}

/** The requests of each form of each operation, from one pass without a kill, which must succeed. */
export async function profileOperations({ platform, project, waiting }: SoakSetup): Promise<Profiles> {
  const changes = changesOf(await freePort(), waiting);
  const profiles: Record<Operation, RequestProfile[]> = { create: [], update: [], roll: [], replace: [], delete: [] };
  const session = project.openSession();
  const run = async (
    { operation, replace }: Pick<Change, "operation" | "replace">,
    variant: Variant,
  ): Promise<void> => {
    await project.setVariant(variant);
    const { succeeded, output } = await session.run(operation, { replace });
    if (!succeeded) throw new Error(`An operation fails without a kill:\n${output}`);
  };
  try {
    await reset({ platform, project, waiting });
    let current = changes.create[0]?.before;
    for (const operation of OPERATIONS) {
      for (const change of changes[operation]) {
        if (current !== change.before) {
          await run({ operation: "destroy", replace: [] }, change.before); // not every change can be taken back
          await run({ operation: "up", replace: [] }, change.before);
        }
        await using gate = await RequestGate.open(platform.api);
        await platform.announce(gate.url);
        await run(change, change.after);
        await platform.announce(platform.api.url);
        profiles[operation].push(gate.profile);
        current = change.operation === "destroy" ? undefined : change.after;
      }
    }
    return profiles;
  } finally {
    await session.close();
    await platform.announce(platform.api.url);
  }
}

/** Empty platform and empty state. */
async function reset({ platform, project }: SoakSetup): Promise<void> {
  await platform.announce(platform.api.url);
  await platform.empty();
  await project.reset();
}

/** A random point of the operation for the moment. At any time: in its first 70 %, since it may be faster than the profile was. */
function choosePoint(moment: Moment, { counts, spanMs }: RequestProfile, random: RandomSource): KillPoint {
  const kind = chooseKind(moment, counts, random);
  const index = Math.floor(random() * counts[kind]);
  const delayMs = moment === "at any time" ? Math.floor(random() * spanMs * 0.7) : Math.floor(random() * 200);
  return { moment, kind, index, delayMs };
}

/** Mostly requests that change something; without a wait, a wait is any request that has not been answered. */
function chooseKind(moment: Moment, counts: RequestProfile["counts"], random: RandomSource): RequestKind {
  if (moment === "during a wait") return counts.wait > 0 ? "wait" : "any";
  return random() < 0.75 && counts.write > 0 ? "write" : "any";
}

/** Runs one kill. */
export async function runKill(setup: SoakSetup, kill: Kill, profiles: Profiles): Promise<KillResult> {
  const startedAt = Date.now();
  const { platform, project } = setup;
  const random = seededRandom(kill.seed);
  const forms = changesOf(await freePort(), setup.waiting)[kill.operation];
  const form = Math.floor(random() * forms.length);
  const [change, profile] = [forms[form], profiles[kill.operation][form]];
  if (change === undefined || profile === undefined) throw new Error(`${kill.operation} has no form ${form}`);
  const point = choosePoint(kill.moment, profile, random);
  const log: string[] = [`kill ${JSON.stringify(kill)} at ${JSON.stringify(point)}`];
  const sessions: EngineSession[] = [];
  const newSession = (): EngineSession => {
    const session = project.openSession();
    sessions.push(session);
    return session;
  };
  let gate: RequestGate | undefined;
  const perform = async (
    session: EngineSession,
    operation: SessionRequest["operation"],
    options: Partial<SessionRequest> = {},
  ): Promise<SessionResult> => {
    const result = await session.run(operation, options);
    log.push(
      `--- ${operation}: ${result.succeeded ? "succeeded" : "failed"} after ${result.durationMs} ms`,
      result.output,
    );
    return result;
  };
  let outlived = 0;
  const closeSession = async (session: EngineSession): Promise<void> => {
    sessions.splice(sessions.indexOf(session), 1);
    outlived += await session.close();
  };
  const compare = async (): Promise<Differences> => {
    const deadline = Date.now() + SETTLE_MS;
    for (;;) {
      const differences = compareWithState(await project.heldResources(), await platform.list());
      const isEqual = Object.values(differences).every(({ length }) => length === 0);
      if (isEqual || Date.now() > deadline) return differences;
      await delay(100);
    }
  };
  const finish = (found: Partial<KillResult>): KillResult => ({
    kill,
    killed: true,
    duplicates: [],
    lost: [],
    failures: [],
    leaks: [],
    neededRefresh: false,
    leftovers: [],
    lateRequests: gate?.lateRequests ?? [],
    outlived,
    durationMs: Date.now() - startedAt,
    log: log.join("\n"),
    ...found,
  });

  try {
    await reset(setup);
    const victim = newSession();
    if (change.before["isEmpty"] !== true) {
      await project.setVariant(change.before);
      const prepared = await perform(victim, "up");
      if (!prepared.succeeded) return finish({ failures: [`up before the kill: ${firstError(prepared)}`] });
    }
    await project.setVariant(change.after);
    gate = await RequestGate.open(platform.api, point, {
      pause: () => victim.pause(),
      kill: () => victim.kill(kill.victims),
    });
    await platform.announce(gate.url);
    const survivor = newSession();
    const killed = await perform(victim, change.operation, { replace: change.replace });
    log.push("--- requests", ...gate.requests);
    await platform.announce(platform.api.url);
    if (killed.succeeded || !gate.hasKilled) {
      return finish({ killed: false, failures: killed.succeeded ? [] : [`${kill.operation}: ${firstError(killed)}`] });
    }

    const failures: string[] = [];
    const expectSuccess = async (
      name: string,
      operation: SessionRequest["operation"],
      options: Partial<SessionRequest> = {},
    ): Promise<SessionResult> => {
      const result = await perform(survivor, operation, options);
      if (!result.succeeded) failures.push(`${name}: ${firstError(result)}`);
      return result;
    };
    await expectSuccess("cancel", "cancel");
    // Without the flag there would be nothing left to do, and nothing to name what the kill left over.
    const leftovers: string[] = [];
    let recovered: SessionResult;
    for (;;) {
      recovered = await perform(survivor, "up", { replace: change.replace });
      const { removed, misleading } = await removeLeftovers(setup, recovered.output, log);
      leftovers.push(...removed);
      if (recovered.succeeded)
        failures.push(...misleading.map((name) => `up advises to delete '${name}', which the state holds`));
      // Finished objects that the state does not hold may be in the way: then it is enough to do what `up` says, until it names no more.
      if (recovered.succeeded || removed.length === 0) break;
    }
    const neededRefresh =
      !recovered.succeeded && kill.operation === "delete" && firstError(recovered).includes("NOT_FOUND:");
    if (!recovered.succeeded && !neededRefresh) failures.push(`up: ${firstError(recovered)}`);
    if (!neededRefresh) await expectSuccess("second up", "up", { expectNoChanges: true });
    if (kill.operation === "delete") {
      // No engine asks about a resource that has not changed: what a killed delete did becomes known by a refresh.
      await expectSuccess("refresh", "refresh");
      await expectSuccess("up after refresh", "up");
    } else {
      await expectSuccess("refresh", "refresh", { expectNoChanges: true });
    }
    await closeSession(victim);

    const afterUp = await compare();
    await expectSuccess("destroy", "destroy");
    const afterDestroy = await compare();
    log.push(`--- requests after the kill`, ...gate.lateRequests);
    log.push(`--- differences after up ${JSON.stringify(afterUp)}, after destroy ${JSON.stringify(afterDestroy)}`);
    return finish({
      failures,
      neededRefresh,
      leftovers,
      outlived,
      lost: [...afterUp.lost, ...afterDestroy.lost],
      duplicates: afterUp.duplicates,
      leaks: [...new Set([...afterUp.leaks, ...afterDestroy.leaks])].filter((one) => !afterUp.duplicates.includes(one)),
    });
  } finally {
    for (const session of [...sessions]) await closeSession(session);
    await gate?.[Symbol.asyncDispose]();
  }
}

/**
 * Runs the removal commands that `up` printed, but for objects that are gone since. Returns those that it ran, and the names of objects
 * that no such command should name.
 */
async function removeLeftovers(
  { platform, project }: SoakSetup,
  output: string,
  log: string[],
): Promise<{ readonly removed: readonly string[]; readonly misleading: readonly string[] }> {
  const [objects, held] = [await platform.list(), await project.heldResources()];
  const removed: string[] = [];
  const misleading: string[] = [];
  for (const [command, name] of new Map([...output.matchAll(REMOVAL)].map(([, text = "", of = ""]) => [text, of]))) {
    const object = objects.find((one) => one.name === name);
    if (object === undefined) continue;
    if (held.some(({ id }) => id === object.uuid)) {
      misleading.push(name);
      continue;
    }
    const program = path.join(project.folder, "node_modules/pulumi-unikernel/dist/provider/cli/main.js");
    const run = (args: readonly string[]) =>
      promisify(execFile)(process.execPath, [program, ...args], {
        cwd: project.folder,
        env: project.environment,
      }).catch((error: unknown) => error as { stdout: string; stderr: string });
    let ran = await run(command.split(" "));
    // What a finished create made is refused until the user has made sure that no stack has it, as was done above.
    if (/^IN_USE: .*If no stack has it, add --managed\./s.test(ran.stderr)) {
      ran = await run([...command.split(" "), "--managed"]);
    }
    log.push(`--- npx unikernel ${command}`, ran.stdout, ran.stderr);
    removed.push(command);
  }
  return { removed, misleading };
}

/** The first line of a failed operation that says why. */
function firstError({ output }: SessionResult): string {
  const lines = output.split("\n").map((line) => line.trim());
  return (
    lines.find((line) => /\b[A-Z]+_[A-Z_]+:|^error:|ended by the harness/.test(line)) ?? lines.at(-2) ?? "no output"
  );
}
