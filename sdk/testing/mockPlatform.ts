/** Mocks of the platform: runs programs and tells what they declared. */
import * as pulumi from "@pulumi/pulumi";
import { watchOwnErrors } from "./ownErrors";
import type { PendingCallbacks } from "./pendingCallbacks";
import { watchCallbacks } from "./pendingCallbacks";
import { MAX_ENDING_TURNS, METRO_KEY, ProgramRun, nextTurn } from "./programRun";
import { loadProvider } from "./provider";
import { RejectedProgramError } from "./rejected";
import type { DeclaredResource, MockPlatformOptions } from "./types";
import { rejectSameUrns } from "./urns";
import { toPlainValue } from "./values";

/** Resolves when all registrations have ended. The function exists in every release, but is left out of the types. */
const registrations = (): Promise<void> =>
  (pulumi.runtime as unknown as { waitForRPCs(): Promise<void> }).waitForRPCs();

/** Ends the run that goes on in this process. Programs share the runtime of Pulumi, so that only one can run at a time. */
let endGoing: ((reason?: Error) => void) | undefined;

const OVERTAKEN =
  "Another run began before this one ended, and a process can run one program at a time. Await each run. If it never " +
  "ends, its program waits for a promise that nothing resolves.";

/** A mocked platform. Created by {@link mockPlatform}. */
export class MockedPlatform {
  private readonly options: MockPlatformOptions;
  private current: ProgramRun | undefined;

  /** @internal */
  constructor(options: MockPlatformOptions) {
    this.options = options;
    loadProvider(); // now, because a runner's time limit counts for the test and not for the file
  }

  /** All resources that the last program has declared, components and those of other packages included. */
  get resources(): readonly DeclaredResource[] {
    return this.current === undefined ? [] : this.current.declared.slice();
  }

  /**
   * The declared resource. Throws an Error that lists what was declared if there is none.
   *
   * @param kind as in {@link DeclaredResource}
   * @param name Pulumi name
   */
  find(kind: string, name: string): DeclaredResource {
    const found = this.resources.filter((one) => one.kind === kind && one.name === name)[0];
    if (found !== undefined) return found;
    const others = this.resources.map((one) => `${one.kind} '${one.name}'`).join(", ");
    throw new Error(`The program declared no ${kind} '${name}'. Declared: ${others || "nothing"}.`);
  }

  /**
   * Runs a program on an empty platform and waits until all of its resources are registered. Resolves with what the program returns, such
   * as its exports, with values in place of outputs; `undefined` for what a preview does not know yet.
   *
   * Rejects with a {@link RejectedProgramError} if the platform rejects a resource, and with the program's own error, also if it is thrown
   * in an `apply`. A run that has not ended when the next one begins rejects.
   *
   * @param program creates resources, or imports a module that does
   */
  async run<T>(program: () => T): Promise<pulumi.Unwrap<T>> {
    if (endGoing !== undefined) endGoing(new Error(OVERTAKEN));
    const [ownErrors, callbacks] = [watchOwnErrors(), watchCallbacks()];
    const end = (reason?: Error): void => {
      callbacks.end();
      ownErrors.end(reason);
    };
    endGoing = end;
    const run = new ProgramRun(this.options);
    this.current = run;
    try {
      await this.setMocks(run);
      const finished = valueOf(program, callbacks);
      // A program that goes on after a failure may fail again, which says nothing more.
      finished.catch(() => undefined);
      const value = await Promise.race([finished, run.rejectedAndIdle(), ownErrors.failed]);
      if (run.rejections.length > 0) throw new RejectedProgramError(run.rejections.slice());
      return value as pulumi.Unwrap<T>;
    } catch (error) {
      // What is still under way belongs to this run, and not to the next one.
      await run.idle(MAX_ENDING_TURNS);
      // Else Pulumi would complain at the end of the process of what waits for the resources that failed.
      if (endGoing === end) await this.setMocks(run);
      await nextTurn(); // one error may reject several promises, which is not for the next test
      throw error;
    } finally {
      end();
    }
  }

  private async setMocks(run: ProgramRun): Promise<void> {
    const { metro = "local", project = "project", stack = "stack", preview = false } = this.options;
    pulumi.runtime.setConfig(METRO_KEY, metro);
    await pulumi.runtime.setMocks(run, project, stack, preview);
    rejectSameUrns(project, stack);
  }
}

/** What the program returns, once all of its resources are registered, its callbacks have ended, and its errors are known. */
async function valueOf(program: () => unknown, callbacks: PendingCallbacks): Promise<unknown> {
  const value = await toPlainValue(await program());
  do {
    await callbacks.settled();
    await registrations();
    await nextTurn();
  } while (!callbacks.isIdle());
  return value;
}

/**
 * Mocks the platform for a program's unit tests. It behaves like the real one: inputs get their defaults, what a preview rejects is
 * rejected with the same code and message, outputs such as `privateFqdn`, `url` and `digest` have values, and functions such as
 * `getInstance` answer from what the program has declared. Values are the same in every run, except for names of replicas and for `hashKey`.
 *
 * ```ts
 * const platform = mockPlatform({ metro: "local" });
 * const { url } = await platform.run(() => import("../index"));
 * assert.equal(platform.find("Service", "gateway").inputs.replicas, 3);
 * ```
 *
 * @param options what the program runs on
 */
export const mockPlatform = (options: MockPlatformOptions = {}): MockedPlatform => new MockedPlatform(options);
