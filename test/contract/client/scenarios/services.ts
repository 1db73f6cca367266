/** Service groups: ports, domains, limits. */
import * as net from "node:net";
import { type Client, onlyItem } from "../../../../provider/client/client";
import { type ErrorCode, UnikernelError } from "../../../../provider/base/errors";
import {
  OTHER,
  SERVICE,
  type Scenario,
  failed,
  failure,
  get,
  item,
  itemCodes,
  ok,
  patch,
  post,
  requestError,
  remove,
} from "../scenario";

const PATH = "/v1/services";
const KEY = "service_groups";
const byUuid = `${PATH}?uuid=${SERVICE}`;

/** A create that fails with the code of its item. */
const failedCreate = (
  name: string,
  body: Parameters<Client["createService"]>[0]["body"],
  code: number,
  ours: ErrorCode,
  message: string,
): Scenario => ({
  name,
  exchanges: [post(PATH, body, failed(KEY, failure(code, message)))],
  run: async (client) => itemCodes(await client.createService({ body })),
  expected: [`${code} ${ours}`],
});

/** Scenarios of the contract suite. `port` is a free TCP port. */
export const scenarios = (port: number): readonly Scenario[] => [
  {
    name: "are created, change a port in place and are deleted",
    exchanges: [
      post(
        PATH,
        { name: "web", services: [{ port }] },
        ok(KEY, item(SERVICE, "web", { domains: [{ fqdn: "web-x7k2p9qa.fra.unikraft.app" }] })),
      ),
      patch(
        PATH,
        [{ uuid: SERVICE, prop: "services", op: "set", value: [{ port, destination_port: 9000 }] }],
        ok(KEY, item(SERVICE, "web")),
      ),
      get(
        byUuid,
        ok(
          KEY,
          item(SERVICE, "web", {
            persistent: true,
            soft_limit: 1,
            hard_limit: 65535,
            services: [{ port, destination_port: 9000, protocol: "tcp" }],
            domains: [{ fqdn: "web-x7k2p9qa.fra.unikraft.app" }],
            instances: [],
          }),
        ),
      ),
      remove(PATH, [{ uuid: SERVICE }], ok(KEY, item(SERVICE, "web"))),
    ],
    run: async (client) => {
      const created = onlyItem(await client.createService({ body: { name: "web", services: [{ port }] } }), "Creating");
      const { uuid } = created;
      const value = [{ port, destination_port: 9000 }];
      onlyItem(await client.patchServices({ body: [{ uuid, prop: "services", op: "set", value }] }), "Patching");
      const read = onlyItem(await client.getServices({ query: { uuid: [uuid] } }), "Reading");
      onlyItem(await client.deleteServices({ body: [{ uuid }] }), "Deleting");
      return [
        created.domains?.length,
        read.services?.map((one) => [one.port, one.destination_port]),
        read.instances,
        [read.soft_limit, read.hard_limit, read.persistent],
      ];
    },
    expected: [1, [[port, 9000]], [], [1, 65535, true]],
  },
  {
    name: "change their limits one after the other, each with its own item",
    exchanges: [
      post(PATH, { name: "web", services: [{ port }] }, ok(KEY, item(SERVICE, "web"))),
      patch(
        PATH,
        [
          { uuid: SERVICE, id: "hard", prop: "hard_limit", op: "set", value: 10 },
          { uuid: SERVICE, id: "soft", prop: "soft_limit", op: "set", value: 5 },
        ],
        ok(KEY, item(SERVICE, "web", { id: "hard" }), item(SERVICE, "web", { id: "soft" })),
      ),
      get(byUuid, ok(KEY, item(SERVICE, "web", { soft_limit: 5, hard_limit: 10 }))),
    ],
    run: async (client) => {
      const { uuid } = onlyItem(
        await client.createService({ body: { name: "web", services: [{ port }] } }),
        "Creating",
      );
      const changed = await client.patchServices({
        body: [
          { uuid, id: "hard", prop: "hard_limit", op: "set", value: 10 },
          { uuid, id: "soft", prop: "soft_limit", op: "set", value: 5 },
        ],
      });
      const read = onlyItem(await client.getServices({ query: { uuid: [uuid] } }), "Reading");
      return [changed.items.map(({ id }) => id), read.soft_limit, read.hard_limit];
    },
    expected: [["hard", "soft"], 5, 10],
  },
  {
    name: "reject the whole request for a soft limit above the hard limit",
    exchanges: [
      requestError(
        {
          method: "POST",
          path: PATH,
          body: { name: "web", services: [{ port }], soft_limit: 5, hard_limit: 4 },
        },
        400,
        "'soft_limit' must not be above 'hard_limit'",
      ),
    ],
    run: async (client) => {
      const body = { name: "web", services: [{ port }], soft_limit: 5, hard_limit: 4 };
      const error: unknown = await client.createService({ body }).catch((e: unknown) => e);
      return UnikernelError.is(error) && [error.code, error.details["status"], /soft_limit/.test(error.message)];
    },
    expected: ["API_REJECTED", 400, true],
  },
  {
    name: "reject a domain of another service group",
    exchanges: [
      post(PATH, undefined, ok(KEY, item(SERVICE, "web", { domains: [{ fqdn: "shop.example.com" }] }))),
      post(PATH, undefined, failed(KEY, failure(24, "Domain 'shop.example.com' is already in use"))),
    ],
    run: async (client) => {
      const domains = [{ name: "shop.example.com." }];
      const first = onlyItem(
        await client.createService({ body: { name: "web", services: [{ port }], domains } }),
        "Creating",
      );
      const other = port === 65535 ? port - 1 : port + 1;
      const second = await client.createService({ body: { name: "other", services: [{ port: other }], domains } });
      return [first.domains?.map(({ fqdn }) => fqdn), itemCodes(second)];
    },
    expected: [["shop.example.com"], ["24 IN_USE"]],
  },
  {
    name: "reject a port that is not free",
    exchanges: [post(PATH, { name: "web", services: [{ port }] }, failed(KEY, failure(9, "No free port")))],
    run: async (client) => {
      const other = net.createServer().listen(port, "127.0.0.1");
      await new Promise((resolve) => other.once("listening", resolve));
      try {
        return itemCodes(await client.createService({ body: { name: "web", services: [{ port }] } }));
      } finally {
        await new Promise((resolve) => other.close(resolve));
      }
    },
    expected: ["9 IN_USE"],
  },
  failedCreate(
    "reject a protocol that the node does not support",
    { name: "web", services: [{ port, protocol: "udp" }] },
    1,
    "NOT_SUPPORTED",
    "Not supported",
  ),
  failedCreate(
    "reject handlers that are not allowed on the port",
    { name: "web", services: [{ port: 443, handlers: ["tls"] }] },
    7,
    "API_REJECTED",
    "Invalid handlers",
  ),
  {
    name: "report which of several does not exist",
    exchanges: [
      post(PATH, { name: "web", services: [{ port }] }, ok(KEY, item(SERVICE, "web"))),
      get(`${PATH}?name=nobody`, failed(KEY, failure(8, "No service group with name 'nobody'", { name: "nobody" }))),
      remove(PATH, [{ uuid: OTHER }], failed(KEY, failure(8, "No service group", { uuid: OTHER }))),
    ],
    run: async (client) => {
      await client.createService({ body: { name: "web", services: [{ port }] } });
      const read = await client.getServices({ query: { name: ["nobody"] } });
      return [itemCodes(read), itemCodes(await client.deleteServices({ body: [{ uuid: OTHER }] }))];
    },
    expected: [["8 NOT_FOUND"], ["8 NOT_FOUND"]],
  },
];
