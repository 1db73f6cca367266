/** Every transition that an instance can make: all requests and events, in every situation that it gets into. */
import { mock } from "node:test";
import type { InstanceRequest } from "../../provider/platform/instances/lifecycle/decideRequest";
import type { InstanceRecord } from "../../provider/platform/store/instances";
import { runningRecord } from "./instanceRecord";
import { InstanceWorld, type Transition } from "./instanceWorld";

const REQUESTS: Readonly<Record<InstanceRequest, true>> = {
  ...{ start: true, wake: true, restart: true, stop: true, "force-stop": true, suspend: true, sleep: true },
  ...{ "convert-to-template": true, delete: true },
};
const ACTIONS = [
  ...Object.keys(REQUESTS),
  ...["start fails", "start waits", "delete fails", "stop drains", "suspend drains"],
  ...["started", "exited", "drained", "adopted", "lost"],
];

/** Tries every action in every situation that actions lead to. Each situation is reached anew, since an actor cannot be copied. */
async function explore(record: InstanceRecord): Promise<Transition[]> {
  const found: Transition[] = [];
  const seen = new Set<string>();
  const paths: string[][] = [[]];
  for (let path = paths.shift(); path !== undefined; path = paths.shift()) {
    for (const action of ACTIONS) {
      const world = new InstanceWorld(record);
      for (const step of [...path, action]) await world.act(step);
      world.close();
      found.push(...world.made);
      if (seen.has(world.situation) || world.situation.startsWith('["deleted"')) continue;
      seen.add(world.situation);
      paths.push([...path, action]);
    }
  }
  return found;
}

/** The transitions of instances with and without service, scale to zero and restart policy, and of checkpoints. */
export async function exploreTransitions(): Promise<Transition[]> {
  const found: Transition[] = [];
  mock.timers.enable({ apis: ["setTimeout"] }); // what an instance asks itself for after a time is an action here
  try {
    for (const serviceUuid of [undefined, "service"])
      for (const restartPolicy of ["never", "always"] as const)
        for (const scaleToZero of [
          undefined,
          { policy: "on", stateful: false },
          { policy: "on", stateful: true },
        ] as const)
          for (const state of ["stopped", "checkpoint"] as const)
            found.push(
              ...(await explore({
                ...runningRecord,
                serviceUuid,
                definition: { ...runningRecord.definition, restartPolicy, ...(scaleToZero && { scaleToZero }) },
                status: { ...runningRecord.status, state },
              })),
            );
  } finally {
    mock.timers.reset();
  }
  return found;
}
