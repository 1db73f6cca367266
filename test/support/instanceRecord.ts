/** An instance as the local platform stores it. */
import type { InstanceRecord } from "../../provider/platform/store/instances";

/** A running instance with an arbitrary image. */
export const runningRecord: InstanceRecord = {
  ...{ uuid: "u", name: "web", createdAt: 0, privateIp: "172.16.0.16", serviceUuid: undefined, volumes: [] },
  definition: {
    ...{ repository: "app", digest: "d", kernelDigest: "k", imageArgs: [], imageEnv: {}, args: [], env: {} },
    ...{ argsFromImage: true, memoryMb: 128, vcpus: 1, restartPolicy: "never", tags: [], annotations: {} },
    ...{ deleteLock: false, deleteOnStop: false, dependencies: [], roms: [], schedules: [], history: [] },
    ...{ autokill: { timeMs: 0, numRequests: 0 }, templateAutokillMs: 0 },
  },
  status: {
    ...{ state: "running", deleting: false, stopForced: false, startCount: 1, restartCount: 0, uptimeMs: 0 },
    ...{ updates: [], detaching: [] },
  },
};
