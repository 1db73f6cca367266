/** Finds every transition of an instance: all requests and events, in every reachable situation. */
import { mock } from "node:test";
import type { InstanceRequest } from "../../provider/platform/instances/lifecycle/decideRequest";
import type { InstanceRecord } from "../../provider/platform/store/instances";
import { runningRecord } from "./instanceRecord";
import { InstanceWorld, type Transition } from "./instanceWorld";

const REQUESTS: Readonly<Record<InstanceRequest, true>> = {
  ...{ start: true, wake: true, restart: true, stop: true, "force-stop": true, suspend: true, sleep: true, save: true },
  pause: true,
  ...{ "convert-to-template": true, capture: true, delete: true },
};
const ACTIONS = [
  ...Object.keys(REQUESTS),
  ...["start fails", "start waits", "delete fails", "stop drains", "suspend drains"],
  ...["started", "exited", "drained", "adopted", "lost"],
];

/** Tries every action in every situation that actions lead to. Each situation is replayed from the start, since an actor cannot be copied. */
async function explore(record: InstanceRecord): Promise<Transition[]> {
  const transitions: Transition[] = [];
  const visited = new Set<string>();
  const paths: string[][] = [[]];
  for (let path = paths.shift(); path !== undefined; path = paths.shift()) {
    for (const action of ACTIONS) {
      const world = new InstanceWorld(record);
      for (const step of [...path, action]) await world.act(step);
      world.close();
      transitions.push(...world.transitions);
      if (visited.has(world.situation) || world.situation.startsWith('["deleted"')) continue;
      visited.add(world.situation);
      paths.push([...path, action]);
    }
  }
  return transitions;
}

/** The transitions of instances with and without service, scale to zero and restart policy, and of checkpoints. */
export async function exploreTransitions(): Promise<Transition[]> {
  const transitions: Transition[] = [];
  mock.timers.enable({ apis: ["setTimeout"] }); // actions take the place of the instance's own timers
  try {
    for (const serviceUuid of [undefined, "service"])
      for (const restartPolicy of ["never", "always"] as const)
        for (const scaleToZero of [
          undefined,
          { policy: "on", stateful: false },
          { policy: "on", stateful: true },
        ] as const)
          for (const state of ["stopped", "checkpoint"] as const)
            transitions.push(
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
  return transitions;
}
