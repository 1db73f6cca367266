/** How an Instance's inputs travel. Pure. */
import type { CreateInstanceRequest, InstanceItem } from "../../contract/models";
import { instanceItem } from "../../contract/models";
import { defined } from "../../base/objects";
import { fromWireDomains, toWireDomain } from "../service/domains";
import { reference } from "../common/fields";
import { unless } from "../workload/codecs";
import { GUEST_WIRE } from "../workload/wire";
import type { InstanceInputs } from "./inputs";
import { isSamePort, portNamed, toWirePort } from "../service/ports";
import { isMeant } from "../common/reference";
import { UNSAID, type WireTable, readBack, requestOf, shown } from "../common/wire";

type Asked = Partial<InstanceInputs>;
type Group = NonNullable<InstanceInputs["serviceGroup"]>;

function encodeGroup({ serviceGroup: group }: Asked): unknown {
  if (group === undefined) return undefined;
  const { name, ports, domains, softLimit, hardLimit } = group;
  return defined({
    name,
    services: ports.toSorted((a, b) => a.port - b.port || (a.protocol < b.protocol ? -1 : 1)).map(toWirePort),
    domains: domains?.toSorted((a, b) => (a.name < b.name ? -1 : 1)).map(toWireDomain),
    soft_limit: unless(1, softLimit),
    hard_limit: unless(65_535, hardLimit),
  });
}

/** Of the group the answer tells its ports and domain names only. */
function decodeGroup(item: InstanceItem, { serviceGroup: asked }: Asked): Group | undefined | typeof UNSAID {
  const group = shown(item, item.service_group, undefined);
  if (group === UNSAID || asked === undefined) return UNSAID;
  if (group === undefined) return undefined;
  const published = item.services?.map(portNamed);
  return {
    ...asked,
    ports:
      published?.map((one) => asked.ports.find((mine) => isSamePort(mine, one)) ?? { ...one, handlers: [] }) ??
      asked.ports,
    domains: group.domains == null ? asked.domains : fromWireDomains(group.domains, asked.domains, group.name),
  };
}

function decodeService(item: InstanceItem, { service, serviceGroup }: Asked): string | undefined | typeof UNSAID {
  if (serviceGroup !== undefined) return UNSAID;
  const group = shown(item, item.service_group, undefined);
  if (group === UNSAID || group === undefined) return group;
  return service !== undefined && isMeant(service, group) ? service : group.uuid;
}

/** Every input of an Instance. */
export const INSTANCE_WIRE: WireTable<InstanceInputs> = {
  ...GUEST_WIRE,
  name: { member: "name", encode: ({ name }) => name, decode: ({ name }) => name },
  service: {
    member: "service_group",
    encode: ({ service }) => service && reference(service),
    decode: decodeService,
  },
  serviceGroup: { member: "service_group", encode: encodeGroup, decode: decodeGroup },
  autostart: { member: "autostart", encode: ({ autostart }) => autostart || undefined, decode: () => UNSAID },
  // No member of the create request: it is set once the instance is made.
  deleteLock: {
    prop: "delete_lock",
    encode: ({ deleteLock }) => deleteLock || undefined,
    set: ({ deleteLock }) => deleteLock,
    decode: (item) => shown(item, item.delete_lock, false),
  },
  drainTimeoutMs: { encode: ({ drainTimeoutMs }) => drainTimeoutMs, decode: () => UNSAID },
  adopt: { encode: () => undefined, decode: () => UNSAID },
};

/** The create request that expresses the inputs. */
export const toCreateRequest = (inputs: InstanceInputs): CreateInstanceRequest => requestOf(INSTANCE_WIRE, inputs, {});

type Update = NonNullable<InstanceItem["updates"]>[number];

/** The item with one property as a change makes it: null stands for none. One that is not told that way stays as it is. */
function withUpdate(item: InstanceItem, { prop, op, value }: Update): InstanceItem {
  if (op !== "set" && (op !== "del" || (value ?? undefined) !== undefined)) return item;
  return instanceItem.safeParse({ ...item, [prop]: op === "set" ? value : null }).data ?? item;
}

/** The item as it will be once the changes that wait for a stop are made: they were accepted. */
const withPending = (item: InstanceItem): InstanceItem =>
  (item.updates ?? []).filter(({ status }) => status !== "failed").reduce(withUpdate, item);

/** Inputs of something that nothing was asked of have no name, which `check` gives to all others. */
export const isForeign = ({ name }: Pick<InstanceInputs, "name">): boolean => name === undefined;

/** The inputs as they are now, in the form in which they were asked for wherever that means the same. */
export const readInputs = (item: InstanceItem, inputs: InstanceInputs): InstanceInputs =>
  readBack(INSTANCE_WIRE, withPending(item), {
    inputs,
    isForeign: isForeign(inputs),
    isCopy: (inputs.template ?? inputs.branchFrom ?? inputs.checkpoint) !== undefined,
  });
