/** Conversion of an Instance's inputs to and from the API. Pure. */
import type { CreateInstanceRequest, InstanceItem } from "../../contract/models";
import { instanceItem } from "../../contract/models";
import { omitUndefined } from "../../base/objects";
import { toReadinessProbe } from "../service/rollout/policy";
import { fromWireDomains, toWireDomain } from "../service/domains";
import { toReference } from "../common/fields";
import { omitDefault } from "../common/omit";
import { WORKLOAD_WIRE } from "../workload/wire";
import type { InstanceInputs } from "./inputs";
import { isSamePort, parsePortKey, toWirePort } from "../service/ports";
import { matchesReference } from "../common/reference";
import {
  NOT_REPORTED,
  type WireCodec,
  type WireTable,
  decodeInputs,
  encodeRequest,
  isSameOnWire,
  reported,
} from "../common/wire";

type PartialInputs = Partial<InstanceInputs>;
type ServiceGroup = NonNullable<InstanceInputs["serviceGroup"]>;

function encodeServiceGroup({ serviceGroup: group }: PartialInputs): unknown {
  if (group === undefined) return undefined;
  const { name, ports, domains, softLimit, hardLimit } = group;
  return omitUndefined({
    name,
    services: ports.toSorted((a, b) => a.port - b.port || (a.protocol < b.protocol ? -1 : 1)).map(toWirePort),
    domains: domains?.toSorted((a, b) => (a.name < b.name ? -1 : 1)).map(toWireDomain),
    soft_limit: omitDefault(1, softLimit),
    hard_limit: omitDefault(65_535, hardLimit),
  });
}

/** The response reports only the ports and domain names of the group. */
function decodeServiceGroup(
  item: InstanceItem,
  { serviceGroup: requested }: PartialInputs,
): ServiceGroup | undefined | typeof NOT_REPORTED {
  const group = reported(item, item.service_group, undefined);
  if (group === NOT_REPORTED || requested === undefined) return NOT_REPORTED;
  if (group === undefined) return undefined;
  const published = item.services?.map(parsePortKey);
  return {
    ...requested,
    ports:
      published?.map((one) => requested.ports.find((mine) => isSamePort(mine, one)) ?? { ...one, handlers: [] }) ??
      requested.ports,
    domains: group.domains == null ? requested.domains : fromWireDomains(group.domains, requested.domains, group.name),
  };
}

function decodeService(
  item: InstanceItem,
  { service, serviceGroup }: PartialInputs,
): string | undefined | typeof NOT_REPORTED {
  if (serviceGroup !== undefined) return NOT_REPORTED;
  const group = reported(item, item.service_group, undefined);
  if (group === NOT_REPORTED || group === undefined) return group;
  return service !== undefined && matchesReference(service, group) ? service : group.uuid;
}

/** The codecs of all inputs of an Instance. */
export const INSTANCE_WIRE: WireTable<InstanceInputs> = {
  ...WORKLOAD_WIRE,
  name: { member: "name", encode: ({ name }) => name, decode: ({ name }) => name },
  service: {
    member: "service_group",
    encode: ({ service }) => service && toReference(service),
    decode: decodeService,
  },
  serviceGroup: { member: "service_group", encode: encodeServiceGroup, decode: decodeServiceGroup },
  autostart: { member: "autostart", encode: ({ autostart }) => autostart || undefined, decode: () => NOT_REPORTED },
  // Not part of the create request: a PATCH sets it after the instance is created.
  deleteLock: {
    prop: "delete_lock",
    encode: ({ deleteLock }) => deleteLock || undefined,
    encodePatch: ({ deleteLock }) => deleteLock,
    decode: (item) => reported(item, item.delete_lock, false),
  },
  drainTimeoutMs: { encode: ({ drainTimeoutMs }) => drainTimeoutMs, decode: () => NOT_REPORTED },
  waitFor: { encode: ({ waitFor }) => waitFor, decode: () => NOT_REPORTED },
  stableForMs: { encode: ({ stableForMs }) => stableForMs, decode: () => NOT_REPORTED },
  // The create asks for it with the instance that has the addresses.
  takeOver: { encode: () => undefined, decode: () => NOT_REPORTED },
  // Reported with the defaults of the metro, and of no consequence until the next replacement.
  gate: {
    member: "readiness_probe",
    prop: "readiness_probe",
    encode: ({ gate }) => gate && toReadinessProbe(gate, []), // it names its port
    decode: () => NOT_REPORTED,
  },
  adopt: { encode: () => undefined, decode: () => NOT_REPORTED },
};

/** The create request that expresses the inputs, with the ownership mark as one more tag. */
export const toCreateRequest = (inputs: InstanceInputs, marks: readonly string[] = []): CreateInstanceRequest =>
  encodeRequest(INSTANCE_WIRE, inputs, marks.length === 0 ? {} : { tags: [...marks] });

type ReportedUpdate = NonNullable<InstanceItem["updates"]>[number];

/** The item after a pending change of one property; null stands for none. Changes in another form are ignored. */
function withUpdate(item: InstanceItem, { prop, op, value }: ReportedUpdate): InstanceItem {
  if (op !== "set" && (op !== "del" || (value ?? undefined) !== undefined)) return item;
  return instanceItem.safeParse({ ...item, [prop]: op === "set" ? (value ?? null) : null }).data ?? item;
}

/** The item after its pending changes: the API has accepted them and applies them at the next stop. */
const withPendingUpdates = (item: InstanceItem): InstanceItem =>
  (item.updates ?? []).filter(({ status }) => status !== "failed").reduce(withUpdate, item);

/** True for an import or a `get`, whose inputs have no name. All other inputs get one from `check`. */
export const isImport = ({ name }: Pick<InstanceInputs, "name">): boolean => name === undefined;

/** The current inputs. A value that is equivalent to the requested one keeps its requested form. */
export const readInputs = (item: InstanceItem, inputs: InstanceInputs): InstanceInputs =>
  decodeInputs(INSTANCE_WIRE, withPendingUpdates(item), {
    inputs,
    isImport: isImport(inputs),
    isCopy: (inputs.template ?? inputs.branchFrom ?? inputs.checkpoint) !== undefined,
  });

/**
 * Does the instance still have the old value of an input that was cleared? What is not reported is gone. Where the server fills
 * in a value of its own, only the old one counts.
 */
export function hasOldValue(
  item: InstanceItem,
  property: keyof InstanceInputs,
  olds: InstanceInputs,
  news: InstanceInputs,
): boolean {
  const wire = INSTANCE_WIRE[property] as WireCodec<object, unknown>;
  const value = wire.decode(withPendingUpdates(item), olds);
  if (value === NOT_REPORTED) return false;
  const now = { ...olds, [property]: value };
  return wire.hasServerDefault === true ? isSameOnWire(wire, now, olds) : !isSameOnWire(wire, now, news);
}
