/**
 * How inputs travel to the API and back: one entry per input, from which the create request, the PATCH and the read-back all
 * derive. Pure.
 */
import { isDeepStrictEqual } from "node:util";
import type { CreateInstanceRequest, InstanceItem, InstanceProp } from "../../contract/models";

/** What an answer says of an input that it does not mention. */
export const UNSAID: unique symbol = Symbol("unsaid");

/** One input. */
export interface Wire<Inputs, Value> {
  /** Member of the create request; `undefined` for what is no member of it by itself. */
  readonly member?: keyof CreateInstanceRequest;
  /** Its value; `undefined` where it equals the server's default, which is never sent. */
  readonly encode: (inputs: Partial<Inputs>) => unknown;
  /** The input as the API reports it. `inputs` are those that were asked for. */
  readonly decode: (item: InstanceItem, inputs: Partial<Inputs>) => Value | typeof UNSAID;
  /** What a PATCH calls it; `undefined` for what no PATCH changes. */
  readonly prop?: InstanceProp;
  /** What a PATCH sets, for a property that can only be set. Others are deleted where {@link encode} gives nothing. */
  readonly set?: (inputs: Partial<Inputs>) => unknown;
  /** Names an item of a list whose order means nothing. */
  readonly keyOf?: (item: never) => string;
  /** The server fills in a value where none was asked for, which then tells nothing. */
  readonly filledIn?: boolean;
}

/** The entries of all inputs. */
export type WireTable<Inputs> = { readonly [K in keyof Inputs]-?: Wire<Inputs, Inputs[K]> };

type AnyWire = Wire<object, unknown>;
const entriesOf = (table: object): readonly [string, AnyWire][] => Object.entries(table) as [string, AnyWire][];

/** An absent member means none on current nodes, which report a `type`; on older ones it means nothing. */
export const shown = <T, N>(item: InstanceItem, value: T | null | undefined, none: N): T | N | typeof UNSAID =>
  value ?? (value === null || item.type !== undefined ? none : UNSAID);

/** A value on the wire, with sets sorted and freed of what is there twice. */
function canonical(wire: AnyWire, value: unknown): unknown {
  const { keyOf } = wire;
  if (keyOf === undefined || !Array.isArray(value)) return value;
  const byKey = new Map((value as never[]).map((item) => [keyOf(item), item]));
  return [...byKey].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, item]) => item);
}

/** Does an input mean the same to the API in both? */
export const sameOnWire = (wire: AnyWire, a: object, b: object): boolean =>
  isDeepStrictEqual(canonical(wire, wire.encode(a)), canonical(wire, wire.encode(b)));

/**
 * The smallest create request that expresses the inputs: servers refuse members they do not know yet.
 *
 * @param rest what it starts from; lists are joined
 */
export function requestOf(table: object, inputs: object, rest: CreateInstanceRequest): CreateInstanceRequest {
  const request: Record<string, unknown> = { ...rest };
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
export const canonicalRequest = (table: object, inputs: object): object =>
  requestOf(
    Object.fromEntries(
      entriesOf(table).map(([key, wire]) => [
        key,
        { ...wire, encode: (given: object) => canonical(wire, wire.encode(given)) },
      ]),
    ),
    inputs,
    {},
  );

/** How much is known of what was asked for. */
export interface Asked<Inputs> {
  readonly inputs: Inputs;
  /** Nothing was asked for: an object that somebody else made is looked at. */
  readonly isForeign: boolean;
  /** What was left at its default is the original's, of which nothing is known. */
  readonly isCopy: boolean;
}

/**
 * The inputs as they are now. Whatever means the same as what was asked for keeps the form in which it was asked for:
 * server defaults, the order of sets and the form of a reference are no drift.
 */
export function readBack<Inputs extends object>(
  table: WireTable<Inputs>,
  item: InstanceItem,
  { inputs, isForeign, isCopy }: Asked<Inputs>,
): Inputs {
  return entriesOf(table).reduce<Inputs>((now, [key, wire]) => {
    const isSilent = !isForeign && (isCopy || wire.filledIn === true) && wire.encode(inputs) === undefined;
    const said = isSilent ? UNSAID : wire.decode(item, inputs);
    return said === UNSAID || sameOnWire(wire, inputs, { ...inputs, [key]: said }) ? now : { ...now, [key]: said };
  }, inputs);
}
