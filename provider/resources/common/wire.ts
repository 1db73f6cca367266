/**
 * Conversion of inputs to and from the API: one codec per input, from which the create request, the PATCH and the read-back
 * are derived. Pure.
 */
import { isDeepStrictEqual } from "node:util";
import type { CreateInstanceRequest, InstanceItem, InstanceProp } from "../../contract/models";

/** The decoded value of an input that the response does not report. */
export const NOT_REPORTED: unique symbol = Symbol("not reported");

/** The codec of one input. */
export interface WireCodec<Inputs, Value> {
  /** Member of the create request; undefined if the input has none of its own. */
  readonly member?: keyof CreateInstanceRequest;
  /** The value on the wire; undefined if it equals the server's default, which is never sent. */
  readonly encode: (inputs: Partial<Inputs>) => unknown;
  /** The input as the API reports it. `inputs` are the requested ones. */
  readonly decode: (item: InstanceItem, inputs: Partial<Inputs>) => Value | typeof NOT_REPORTED;
  /** Property name in a PATCH; undefined if no PATCH can change the input. */
  readonly prop?: InstanceProp;
  /** The value of a PATCH, for a property that can only be set. Others are deleted if {@link encode} returns undefined. */
  readonly encodePatch?: (inputs: Partial<Inputs>) => unknown;
  /** Identifies an item of an unordered list; undefined for ordered lists and other values. */
  readonly itemKey?: (item: never) => string;
  /** True if the server chooses a value when none was requested. Such a value is no drift. */
  readonly hasServerDefault?: boolean;
}

/** The codecs of all inputs. */
export type WireTable<Inputs> = { readonly [K in keyof Inputs]-?: WireCodec<Inputs, Inputs[K]> };

type AnyWireCodec = WireCodec<object, unknown>;
const entriesOf = (table: object): readonly [string, AnyWireCodec][] =>
  Object.entries(table) as [string, AnyWireCodec][];

/** A reported member. If it is absent: `none` on current nodes, which report a `type`; `NOT_REPORTED` on older nodes. */
export const reported = <T, N>(item: InstanceItem, value: T | null | undefined, none: N): T | N | typeof NOT_REPORTED =>
  value ?? (value === null || item.type !== undefined ? none : NOT_REPORTED);

/** A value on the wire, with sets sorted and without duplicates. */
function canonicalValue(wire: AnyWireCodec, value: unknown): unknown {
  const { itemKey } = wire;
  if (itemKey === undefined || !Array.isArray(value)) return value;
  const byKey = new Map((value as never[]).map((item) => [itemKey(item), item]));
  return [...byKey].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, item]) => item);
}

/** True if the input has the same value on the wire in both. */
export const isSameOnWire = (wire: AnyWireCodec, a: object, b: object): boolean =>
  isDeepStrictEqual(canonicalValue(wire, wire.encode(a)), canonicalValue(wire, wire.encode(b)));

/**
 * The smallest create request that expresses the inputs, because servers reject members that they do not know.
 *
 * @param base the initial request; its lists are concatenated with those of the inputs
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

/** The create request with sorted sets, so that equal inputs give equal requests. */
export const encodeCanonicalRequest = (table: object, inputs: object): object =>
  encodeRequest(
    Object.fromEntries(
      entriesOf(table).map(([key, wire]) => [
        key,
        { ...wire, encode: (values: object) => canonicalValue(wire, wire.encode(values)) },
      ]),
    ),
    inputs,
    {},
  );

/** What is known of the requested inputs. */
export interface DecodeContext<Inputs> {
  readonly inputs: Inputs;
  /** The object is imported, so there are no requested inputs to compare with. */
  readonly isImport: boolean;
  /** The object is a copy: inputs left at their default have the original's values, which are not known. */
  readonly isCopy: boolean;
}

/**
 * The current inputs. A value that equals the requested one on the wire keeps its requested form, so server defaults, the order
 * of sets and the form of a reference do not show as drift.
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
