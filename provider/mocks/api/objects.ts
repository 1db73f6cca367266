/** The objects of one kind in a mock metro. */
import * as crypto from "node:crypto";
import { ITEM_CODES, type ItemCode } from "../../contract/codes";

/** An object as the API reports it. */
export type ApiObject = Record<string, unknown> & { readonly uuid: string; readonly name: string };

/** A reference to an object. */
export interface Selector {
  readonly uuid?: string | undefined;
  readonly name?: string | undefined;
}

/** The part of a query that selects objects. */
export interface ObjectQuery {
  readonly uuid?: readonly string[];
  readonly name?: readonly string[];
  readonly tags?: readonly string[];
  readonly from?: string;
}

/** When everything in a mock metro was created, so that outputs are the same in every run. */
export const CREATED_AT = "2026-01-01T00:00:00.000Z";

/** A UUID that is the same in every run. */
export function derivedUuid(...parts: readonly string[]): string {
  const digits = crypto.createHash("sha256").update(JSON.stringify(parts)).digest("hex");
  return [
    digits.slice(0, 8),
    digits.slice(8, 12),
    `4${digits.slice(13, 16)}`,
    `8${digits.slice(17, 20)}`,
    digits.slice(20, 32),
  ].join("-");
}

/** An item that failed. */
export const failedItem = (error: ItemCode, message: string): object => ({ status: "error", error, message });

/** What an operation on an object answers. */
export const answerOf = ({ uuid, name }: ApiObject): object => ({ status: "success", uuid, name });

/** The objects of one kind, by UUID, oldest first. */
export class ObjectStore {
  readonly #kind: string;
  readonly #objects = new Map<string, ApiObject>();

  /** @param kind noun, such as `volume` */
  constructor(kind: string) {
    this.#kind = kind;
  }

  get all(): readonly ApiObject[] {
    return [...this.#objects.values()];
  }

  find({ uuid, name }: Selector): ApiObject | undefined {
    return uuid === undefined ? this.all.find((one) => one.name === name) : this.#objects.get(uuid);
  }

  /** The object, or the failed item of a reference to nothing. */
  findOrFail(selector: Selector): { readonly found: ApiObject } | { readonly failed: object } {
    const found = this.find(selector);
    if (found !== undefined) return { found };
    const message = `No ${this.#kind} with ${selector.uuid === undefined ? "the name" : "the uuid"} '${selector.uuid ?? selector.name ?? ""}'`;
    return { failed: { ...failedItem(ITEM_CODES.NotFound, message), ...selector } };
  }

  /** Stores a new object; the answer is a failed item if the name is taken. */
  add(name: string, members: object): { readonly added: ApiObject } | { readonly failed: object } {
    if (this.find({ name }) !== undefined)
      return { failed: failedItem(ITEM_CODES.AlreadyExists, `A ${this.#kind} with the name '${name}' already exists`) };
    const added: ApiObject = { created_at: CREATED_AT, ...members, uuid: derivedUuid(this.#kind, name), name };
    this.#objects.set(added.uuid, added);
    return { added };
  }

  remove({ uuid }: ApiObject): void {
    this.#objects.delete(uuid);
  }

  /** The items of a read: of the selected objects, or of all. */
  read({ uuid, name, tags = [], from }: ObjectQuery, show: (one: ApiObject) => object): readonly object[] {
    if (uuid === undefined && name === undefined) {
      const listed = this.all.filter((one) =>
        tags.every((tag) => ((one["tags"] ?? []) as readonly unknown[]).includes(tag)),
      );
      const start =
        from === undefined
          ? 0
          : Math.max(
              0,
              listed.findIndex((one) => one.uuid === from),
            );
      return listed.slice(start).map((one) => ({ status: "success", ...show(one) }));
    }
    const selectors: readonly Selector[] = [
      ...(uuid ?? []).map((id) => ({ uuid: id })),
      ...(name ?? []).map((one) => ({ name: one })),
    ];
    return selectors.map((selector) => {
      const result = this.findOrFail(selector);
      return "failed" in result ? result.failed : { status: "success", ...show(result.found) };
    });
  }
}
