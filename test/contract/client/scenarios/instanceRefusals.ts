/** Instances that are not created, each by the code of its item. */
import type { Client } from "../../../../provider/api/client";
import { SERVICE, type Scenario, failed, failure, itemCodes, post } from "../scenario";

type CreateBody = Parameters<Client["createInstance"]>[0]["body"];

const refusedCreate = (name: string, more: Partial<CreateBody>, code: number, message: string): Scenario => {
  const body = { name: "one", image: "app:1", ...more };
  return {
    name,
    exchanges: [post("/v1/instances", body, failed("instances", failure(code, message)))],
    run: async (client) => itemCodes(await client.createInstance({ body })),
    expected: [code],
  };
};

export const scenarios = (): readonly Scenario[] => [
  refusedCreate("an image that is not there", { image: "nowhere:1" }, 8, "No image with name 'nowhere:1'"),
  refusedCreate(
    "more memory than the account may have",
    { memory_mb: 99_999 },
    7,
    "'memory_mb' must be between 16 and 8192",
  ),
  refusedCreate("a name that is no label of a host name", { name: "n".repeat(64) }, 22, "Name is too long"),
  refusedCreate("a kind of instance that this node does not have", { gpus: 1, type: "full" }, 1, "Not supported"),
  refusedCreate(
    "a service group by uuid and by name",
    { service_group: { uuid: SERVICE, name: "web" } },
    17,
    "Either 'uuid' or 'name'",
  ),
  refusedCreate("a service group by nothing", { service_group: {} }, 13, "Missing 'uuid' or 'name'"),
  refusedCreate("too little memory for its image", { name: "small", autostart: true }, 20, "Guest memory too small"),
  refusedCreate("one that cannot be started", { name: "failing", autostart: true }, 10, "Operation failed"),
  refusedCreate("a fault of the metro itself", { name: "faulty", autostart: true }, 0, "Internal error"),
];
