/** Certificates: uploaded, renewed, used, deleted. */
import { type Client, onlyItem } from "../../../../provider/client/client";
import { type ChainAndKey, makeCertificate } from "../../../support/certificates";
import {
  CERTIFICATE,
  SERVICE,
  type Scenario,
  failed,
  failure,
  get,
  item,
  itemCodes,
  ok,
  post,
  put,
  remove,
} from "../scenario";

const PATH = "/v1/certificates";
const KEY = "certificates";
const DOMAIN = "www.example.com";
const www = item(CERTIFICATE, "www", { state: "valid", common_name: DOMAIN, serial_number: "0a", service_groups: [] });

/** Chains and keys, cached because generating them runs another program. */
const materials = new Map<string, ChainAndKey>();
function material(which: "first" | "second" | "other"): ChainAndKey {
  const pair = materials.get(which) ?? makeCertificate(which === "other" ? "shop.example.com" : DOMAIN);
  materials.set(which, pair);
  return pair;
}

const create = async (client: Client) =>
  onlyItem(
    await client.createCertificate({ body: { name: "www", common_name: DOMAIN, ...material("first") } }),
    "Creating",
  );
const read = async (client: Client, uuid: string) =>
  onlyItem(await client.getCertificates({ query: { uuid: [uuid] } }), "Reading");

/** Scenarios of the contract suite. `port` is a free TCP port. */
export const scenarios = (port: number): readonly Scenario[] => [
  {
    name: "are created, read without chain and key, renewed by PUT, deleted and then not found",
    exchanges: [
      post(PATH, undefined, ok(KEY, www)),
      get(`${PATH}?uuid=${CERTIFICATE}`, ok(KEY, www)),
      put(PATH, undefined, ok(KEY, item(CERTIFICATE, "www"))),
      get(`${PATH}?uuid=${CERTIFICATE}`, ok(KEY, { ...www, serial_number: "0b" })),
      remove(PATH, [{ uuid: CERTIFICATE }], ok(KEY, item(CERTIFICATE, "www"))),
      remove(PATH, [{ uuid: CERTIFICATE }], failed(KEY, failure(8, "No certificate", { uuid: CERTIFICATE }))),
    ],
    run: async (client) => {
      const { uuid } = await create(client);
      const before = await read(client, uuid);
      onlyItem(await client.updateCertificates({ body: [{ uuid, ...material("second") }] }), "Renewing");
      const after = await read(client, uuid);
      onlyItem(await client.deleteCertificates({ body: [{ uuid }] }), "Deleting");
      return [
        [before.state, before.common_name, before.service_groups, "chain" in before, "pkey" in before],
        before.serial_number === after.serial_number,
        itemCodes(await client.deleteCertificates({ body: [{ uuid }] })),
      ];
    },
    expected: [["valid", DOMAIN, [], false, false], false, ["8 NOT_FOUND"]],
  },
  {
    name: "are rejected for another domain at upload and renewal",
    exchanges: [
      post(PATH, undefined, failed(KEY, failure(30, "Certificate CN does not match"))),
      post(PATH, undefined, ok(KEY, www)),
      put(PATH, undefined, failed(KEY, failure(30, "Certificate CN does not match", { uuid: CERTIFICATE }))),
    ],
    run: async (client) => {
      const wrong = await client.createCertificate({ body: { common_name: DOMAIN, ...material("other") } });
      const { uuid } = await create(client);
      return [itemCodes(wrong), itemCodes(await client.updateCertificates({ body: [{ uuid, ...material("other") }] }))];
    },
    expected: [["30 CERTIFICATE_MISMATCH"], ["30 CERTIFICATE_MISMATCH"]],
  },
  {
    name: "are rejected with the key of another certificate",
    exchanges: [post(PATH, undefined, failed(KEY, failure(7, "Invalid private key")))],
    run: async (client) => {
      const body = { common_name: DOMAIN, chain: material("first").chain, pkey: material("second").pkey };
      return itemCodes(await client.createCertificate({ body }));
    },
    expected: ["7 API_REJECTED"],
  },
  {
    name: "cannot be deleted while a service's domain uses them",
    exchanges: [
      post(PATH, undefined, ok(KEY, www)),
      post(
        "/v1/services",
        {
          name: "web",
          services: [{ port, handlers: ["tls"] }],
          domains: [{ name: `${DOMAIN}.`, certificate: { uuid: CERTIFICATE } }],
        },
        ok("service_groups", item(SERVICE, "web", { domains: [{ fqdn: DOMAIN }] })),
      ),
      get(`${PATH}?uuid=${CERTIFICATE}`, ok(KEY, { ...www, service_groups: [{ uuid: SERVICE, name: "web" }] })),
      get(
        `/v1/services?uuid=${SERVICE}`,
        ok(
          "service_groups",
          item(SERVICE, "web", {
            domains: [{ fqdn: DOMAIN, certificate: { uuid: CERTIFICATE, name: "www", state: "valid" } }],
          }),
        ),
      ),
      remove(PATH, [{ uuid: CERTIFICATE }], failed(KEY, failure(15, "Certificate in use", { uuid: CERTIFICATE }))),
    ],
    run: async (client) => {
      const { uuid } = await create(client);
      const domains = [{ name: `${DOMAIN}.`, certificate: { uuid } }];
      const body = { name: "web", services: [{ port, handlers: ["tls" as const] }], domains };
      const service = onlyItem(await client.createService({ body }), "Creating");
      const used = await read(client, uuid);
      const group = onlyItem(await client.getServices({ query: { uuid: [service.uuid] } }), "Reading");
      return [
        used.service_groups?.map(({ name }) => name),
        group.domains?.map(({ fqdn, certificate }) => [fqdn, certificate?.name, certificate?.state]),
        itemCodes(await client.deleteCertificates({ body: [{ uuid }] })),
      ];
    },
    expected: [["web"], [[DOMAIN, "www", "valid"]], ["15 IN_USE"]],
  },
];
