/**
 * How inputs travel to the API and back: one entry per input, from which the create request, the PATCH and the read-back all
 * derive. Pure.
 */
import { isDeepStrictEqual } from "node:util";
import type { CreateInstanceRequest, InstanceItem, InstanceProp } from "../../contract/models";

/** What an answer says of an input that it does not mention. */
export const NOT_REPORTED: unique symbol = Symbol("not reported");

/** One input. */
export interface WireCodec<Inputs, Value> {
  /** Member of the create request; `undefined` for what is no member of it by itself. */
  readonly member?: keyof CreateInstanceRequest;
  /** Its value; `undefined` where it equals the server's default, which is never sent. */
  readonly encode: (inputs: Partial<Inputs>) => unknown;
  /** The input as the API reports it. `inputs` are those that were asked for. */
  readonly decode: (item: InstanceItem, inputs: Partial<Inputs>) => Value | typeof NOT_REPORTED;
  /** What a PATCH calls it; `undefined` for what no PATCH changes. */
  readonly prop?: InstanceProp;
  /** What a PATCH sets, for a property that can only be set. Others are deleted where {@link encode} gives nothing. */
  readonly encodePatch?: (inputs: Partial<Inputs>) => unknown;
  /** Names an item of a list whose order means nothing. */
  readonly itemKey?: (item: never) => string;
  /** The server fills in a value where none was asked for, which then tells nothing. */
  readonly hasServerDefault?: boolean;
}

/** The entries of all inputs. */
export type WireTable<Inputs> = { readonly [K in keyof Inputs]-?: WireCodec<Inputs, Inputs[K]> };

type AnyWireCodec = WireCodec<object, unknown>;
const entriesOf = (table: object): readonly [string, AnyWireCodec][] =>
  Object.entries(table) as [string, AnyWireCodec][];

/** An absent member means none on current nodes, which report a `type`; on older ones it means nothing. */
export const reported = <T, N>(item: InstanceItem, value: T | null | undefined, none: N): T | N | typeof NOT_REPORTED =>
  value ?? (value === null || item.type !== undefined ? none : NOT_REPORTED);

/** A value on the wire, with sets sorted and freed of what is there twice. */
function canonicalValue(wire: AnyWireCodec, value: unknown): unknown {
  const { itemKey } = wire;
  if (itemKey === undefined || !Array.isArray(value)) return value;
  const byKey = new Map((value as never[]).map((item) => [itemKey(item), item]));
  return [...byKey].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, item]) => item);
}

/** Does an input mean the same to the API in both? */
export const isSameOnWire = (wire: AnyWireCodec, a: object, b: object): boolean =>
  isDeepStrictEqual(canonicalValue(wire, wire.encode(a)), canonicalValue(wire, wire.encode(b)));

/**
 * The smallest create request that expresses the inputs: servers refuse members they do not know yet.
 *
 * @param base what it starts from; lists are joined
 */
export function encodeRequest(table: object, inputs: object, base: CreateInstanceRequest): CreateInstanceRequest {
  const request: Record<string, unknown> = { ...base };
  for (const [, { member, encode }] of entriesOf(table)) {
    const value = encode(inputs);
    if (member === undefined || value === undefined) continue;
    const before = request[member];
    request[member] =
      Array.isArray(before) && Array.isArray(value) ? [...(before as unknown[]), ...(value as unknown[])] : value;
  }
  return request;
}

/** The request with sets in an order of their own, so that it is the same for the same inputs. */
export const encodeCanonicalRequest = (table: object, inputs: object): object =>
  encodeRequest(
    Object.fromEntries(
      entriesOf(table).map(([key, wire]) => [
        key,
        { ...wire, encode: (given: object) => canonicalValue(wire, wire.encode(given)) },
      ]),
    ),
    inputs,
    {},
  );

/** How much is known of what was asked for. */
export interface DecodeContext<Inputs> {
  readonly inputs: Inputs;
  /** Nothing was asked for: an object that somebody else made is looked at. */
  readonly isImport: boolean;
  /** What was left at its default is the original's, of which nothing is known. */
  readonly isCopy: boolean;
}

/**
 * The inputs as they are now. Whatever means the same as what was asked for keeps the form in which it was asked for:
 * server defaults, the order of sets and the form of a reference are no drift.
 */
export function decodeInputs<Inputs extends object>(
  table: WireTable<Inputs>,
  item: InstanceItem,
  { inputs, isImport, isCopy }: DecodeContext<Inputs>,
): Inputs {
  return entriesOf(table).reduce<Inputs>((now, [key, wire]) => {
    const isOmitted = !isImport && (isCopy || wire.hasServerDefault === true) && wire.encode(inputs) === undefined;
    const reportedValue = isOmitted ? NOT_REPORTED : wire.decode(item, inputs);
    return reportedValue === NOT_REPORTED || isSameOnWire(wire, inputs, { ...inputs, [key]: reportedValue })
      ? now
      : { ...now, [key]: reportedValue };
  }, inputs);
}
