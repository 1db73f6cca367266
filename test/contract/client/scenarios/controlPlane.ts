/** The control plane of all metros. */
import { onlyItem } from "../../../../provider/client/client";
import { DIGEST, type Scenario, get, ok } from "../scenario";

/** Scenarios of the contract suite. */
export const scenarios = (): readonly Scenario[] => [
  {
    name: "lists its metros including this one",
    exchanges: [get("/v1/metros", ok("metros", { name: "fra", endpoint: "https://api.fra.unikraft.cloud/v1" }))],
    run: async (client) =>
      (await client.getMetros({})).items.map(({ name, endpoint }) => [
        name === client.metro,
        /^https?:/.test(endpoint),
      ]),
    expected: [[true, true]],
  },
  {
    name: "identifies the owner of the token",
    exchanges: [
      get("/v1/auth", {
        status: "success",
        op_time_us: 1,
        data: {
          organization_name: "acme",
          organization_display_name: "Acme Ltd.",
          organization_uuid: "77777777-7777-4777-8777-777777777777",
          registry: "index.unikraft.io",
        },
      }),
    ],
    run: async (client) => {
      const { organization_name: name, organization_uuid: uuid } = (await client.getAuthorization({})).items[0] ?? {};
      return [(name ?? "").length > 0, /^[0-9a-f-]{36}$/.test(uuid ?? "")];
    },
    expected: [true, true],
  },
  {
    name: "lists the images of its registry with their tags",
    exchanges: [
      get(
        "/v1/images?details=true",
        ok("images", { name: "acme/app", tags: [{ name: "1", digest: DIGEST, size: 5 }] }),
      ),
    ],
    run: async (client) => {
      const { name, tags } = onlyItem(await client.getRegistryImages({ query: { details: true } }), "Listing");
      return [/(^|\/)app$/.test(name), tags?.map((tag) => [tag.name, /^sha256:[0-9a-f]{64}$/.test(tag.digest)])];
    },
    expected: [true, [["1", true]]],
  },
];
