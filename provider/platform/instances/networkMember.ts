/** An instance in the private network. */
import { DEFAULT_NETWORK } from "../network/addresses";
import { HOST_ACCESS_ANNOTATION, type NetworkMember } from "../network/privateNetwork";
import type { InstanceStatus } from "../store/instances";
import type { Instance } from "./instance";

/** The instance as a member of the private network, which sees its changes. */
export const networkMemberOf = (instance: Instance): NetworkMember => ({
  name: instance.record.name,
  network: instance.record.definition.networkInterface?.network ?? DEFAULT_NETWORK.name,
  ip: instance.record.privateIp,
  get mayReachHost() {
    return instance.record.definition.annotations[HOST_ACCESS_ANNOTATION] === "true";
  },
  get state() {
    return memberStateOf(instance.record.status);
  },
  wake: () => void instance.request("wake").catch(() => undefined), // the actor has logged the error
});

/** One that is about to be in standby counts as asleep: what it gets now, its next VM must see. */
function memberStateOf({ state, stopAskedBy }: InstanceStatus): NetworkMember["state"] {
  if (state === "standby" || (state === "stopping" && stopAskedBy === "scale-to-zero")) return "asleep";
  return state === "starting" || state === "running" || state === "draining" || state === "stopping" ? "up" : "down";
}
