/** Compares what the state holds with what is on the platform. Pure. */

/** Kinds of objects of a metro. */
export const OBJECT_KINDS = ["Volume", "Instance", "Service", "Certificate"] as const;
export type ObjectKind = (typeof OBJECT_KINDS)[number];

/** An object on the platform. */
export interface PlatformObject {
  readonly kind: ObjectKind;
  readonly uuid: string;
  readonly name: string;
  /** The service that an instance belongs to. */
  readonly serviceUuid: string | undefined;
}

/** A resource in the state. */
export interface HeldResource {
  readonly kind: ObjectKind;
  readonly id: string;
  /** Number of instances of a Service; 0 for other kinds. */
  readonly replicas: number;
}

/** Differences, each as `<kind> <name or id>`. */
export interface Differences {
  /** In the state, but not on the platform; also missing replicas. */
  readonly lost: readonly string[];
  /** On the platform for a resource that the state holds with another object; also surplus replicas. */
  readonly duplicates: readonly string[];
  /** On the platform, and no resource of its kind is in the state. */
  readonly leaks: readonly string[];
}

/** Expects that the state has at most one resource of a kind, as the soak's program has. */
export function compareWithState(held: readonly HeldResource[], objects: readonly PlatformObject[]): Differences {
  const existing = new Set(objects.map(({ uuid }) => uuid));
  const lost = held.filter(({ id }) => !existing.has(id)).map(({ kind, id }) => `${kind} ${id}`);
  const duplicates: string[] = [];
  const leaks: string[] = [];
  const heldIds = new Set(held.map(({ id }) => id));
  const replicas = new Map<string, PlatformObject[]>();
  for (const object of objects) {
    if (heldIds.has(object.uuid)) continue;
    const { serviceUuid } = object;
    if (serviceUuid !== undefined && heldIds.has(serviceUuid)) {
      replicas.set(serviceUuid, [...(replicas.get(serviceUuid) ?? []), object]);
      continue;
    }
    const isHeldElsewhere = held.some(({ kind }) => kind === ownerKind(object));
    (isHeldElsewhere ? duplicates : leaks).push(describe(object));
  }
  for (const { id, replicas: wanted } of held) {
    const found = replicas.get(id) ?? [];
    for (let missing = found.length; missing < wanted; missing++) lost.push(`replica of ${id}`);
    duplicates.push(...found.slice(wanted).map(describe));
  }
  return { lost, duplicates, leaks };
}

/** An instance with a service is one of its replicas. */
const ownerKind = ({ kind, serviceUuid }: PlatformObject): ObjectKind => (serviceUuid === undefined ? kind : "Service");

const describe = ({ kind, name }: PlatformObject): string => `${kind} ${name}`;
