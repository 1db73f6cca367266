/**
 * A metro without extensions of the API, and its load balancer: a real server on a loopback port that leads each request to a running
 * member of the group that has the domain, and answers with what that member's image says.
 */
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import { UnikernelError } from "../../provider/base/errors";
import type { Client } from "../../provider/client/client";
import type { InstanceItem } from "../../provider/contract/models";
import { InMemoryApi } from "./inMemoryApi";

/** Domains that the metro generates, as the fake API and as this machine's resolver know them. */
const [GENERATED, REACHABLE] = [/\.metro\.test$/, ".localhost"];

/** Thrown by each call of a process that was killed. */
export class Killed extends Error {}

/** A running cloud; see the top of the file. */
export class DomainCloud implements AsyncDisposable {
  readonly api = new InMemoryApi();
  port = 0;
  /** The status with which a member of this image answers. */
  statusOf: (image: string) => number = () => 200;
  /** How often taking a domain is rejected from now on, as for one that was just released. */
  rejections = 0;
  /** Loses the connection before or after this entry of a PATCH of groups is carried out; those after it are not. */
  losesResponse:
    ((entry: { readonly op: string; readonly uuid?: string }) => "before" | "after" | undefined) | undefined;
  private readonly server = http.createServer((request, response) => {
    const image = this.answering((request.headers.host ?? "").replace(/:\d+$/, ""));
    response.writeHead(image === undefined ? 503 : this.statusOf(image)).end(image);
  });

  static async start(): Promise<DomainCloud> {
    const cloud = new DomainCloud();
    await new Promise<void>((resolve) => cloud.server.listen(0, "127.0.0.1", resolve));
    cloud.port = (cloud.server.address() as AddressInfo).port;
    return cloud;
  }

  private groupOf(domain: string) {
    return [...this.api.services.values()].find((one) =>
      (one["domains"] as { fqdn: string }[]).some(({ fqdn }) => fqdn.replace(GENERATED, REACHABLE) === domain),
    );
  }

  /** The instances in a group, as the metro reports them. */
  membersOf(uuid: string): readonly InstanceItem[] {
    return this.instances().filter(({ service_group: group }) => group?.uuid === uuid);
  }

  /** All instances, as the metro reports them. */
  instances(): readonly InstanceItem[] {
    return [...this.api.instances.values()] as unknown as readonly InstanceItem[];
  }

  /** The image of a running member behind a domain; undefined if there is none. */
  answering(domain: string): string | undefined {
    const uuid = this.groupOf(domain)?.uuid;
    return uuid === undefined ? undefined : this.membersOf(uuid).find(({ state }) => state === "running")?.image;
  }

  /**
   * A client of this metro.
   *
   * @param onChange called before each call that changes something; throws {@link Killed} from some call on
   */
  client(onChange: (name: string) => void = () => undefined): Client {
    const { client } = this.api.context;
    const changed = (name: string) => async (request: never) => {
      onChange(name);
      const reply = await Reflect.apply(Reflect.get(client, name) as (request: never) => Promise<unknown>, client, [
        request,
      ]);
      return reply;
    };
    const names = Object.keys(client).filter(
      (name) => !/^(get|wait)/.test(name) && typeof Reflect.get(client, name) === "function",
    );
    return Object.assign(
      Object.create(client) as Client,
      Object.fromEntries(names.map((name) => [name, changed(name)])),
      {
        metro: "test",
        getServices: async (request: never) => {
          const { items, ...rest } = await client.getServices(request);
          const reachable = items.map((item) => ({
            ...item,
            domains: (item.domains ?? []).map((one) => ({ ...one, fqdn: one.fqdn.replace(GENERATED, REACHABLE) })),
          }));
          return { ...rest, items: items.map((item, index) => (item.status === "error" ? item : reachable[index])) };
        },
        patchServices: (request: { body: readonly { op: string; prop: string; uuid?: string; value?: unknown }[] }) =>
          this.patch(request, onChange),
      },
    );
  }

  /** One triple after the other, as a metro does: some may fail. */
  private async patch(
    { body }: { body: readonly { op: string; prop: string; uuid?: string; value?: unknown }[] },
    onChange: (name: string) => void,
  ): Promise<unknown> {
    const replies: { items: readonly object[] }[] = [];
    onChange("patchServices");
    for (const one of body) {
      const loses = this.losesResponse?.(one);
      if (loses === "before") throw this.lost();
      const owner = one.prop === "domains" ? this.otherOwner(one) : undefined;
      if (owner !== undefined) {
        replies.push({ items: [{ status: "error", error: 23, message: `a domain belongs to service '${owner}'` }] });
        continue;
      }
      const isRejected = one.prop === "domains" && one.op === "add" && this.isTaking(one) && this.rejections-- > 0;
      const reply = isRejected
        ? { items: [{ status: "error", error: 24, message: "the domain is being released" }] }
        : await this.api.context.client.patchServices({ body: [one] } as never);
      replies.push(reply as { items: readonly object[] });
      if (loses === "after") throw this.lost();
    }
    return { ...replies[0], items: replies.flatMap(({ items }) => items) };
  }

  private lost(): UnikernelError {
    return new UnikernelError("API_UNREACHABLE", "The response was lost.", { details: { mayHaveActed: true } });
  }

  /** The name of another group that has one of the domains which this change would take. */
  private otherOwner({ uuid, op, value }: { op: string; uuid?: string; value?: unknown }): string | undefined {
    if (op === "del") return undefined;
    const wanted = (value as readonly { name: string }[]).map(({ name }) => name.replace(/\.$/, ""));
    const others = [...this.api.services.values()].filter((one) => one.uuid !== uuid);
    return others.find((one) => (one["domains"] as { fqdn: string }[]).some(({ fqdn }) => wanted.includes(fqdn)))?.name;
  }

  /** Not for the label that only this library uses. */
  private isTaking(one: object): boolean {
    return JSON.stringify(one).includes("shop") && this.rejections > 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
