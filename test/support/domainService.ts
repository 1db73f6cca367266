/** A Service with the strategy `blueGreen` in a {@link DomainCloud}, where its domains move. */
import { identityOf } from "../../provider/definition/identity";
import { resourceOf } from "../../provider/resources/all";
import type { ProviderContext } from "../../provider/resources/context";
import { serviceInputs } from "../../provider/resources/service/inputs";
import type { DomainCloud } from "./domainCloud";
import { contextWithClient } from "./resourceContext";

/** The domain of the service. */
export const DOMAIN = "shop.example.localhost";
/** Number of replicas of the service. */
export const REPLICAS = 2;

const URN = "urn:pulumi:prod::shop::unikernel:index:Service::web";
const service = resourceOf("Service");

/** A reference of the image that this digit names. */
export const imageOf = (digit: string): string => `registry.test/web@sha256:${digit.repeat(64)}`;

/** The checked inputs of the service with this image. */
export const inputsIn = (cloud: DomainCloud, digit: string, more: object = {}) =>
  serviceInputs.parse({
    name: "web",
    ports: [{ port: cloud.port, destinationPort: 8080, handlers: ["http"] }],
    domains: [{ name: DOMAIN }],
    replicas: REPLICAS,
    template: { image: imageOf(digit) },
    rollout: { strategy: "blueGreen", gate: { path: "/ready" } },
    ...more,
  });

/** The checked inputs. */
export type DomainInputs = ReturnType<typeof inputsIn>;

/** The context of an operation of the program that owns the service. */
export const contextIn = (
  cloud: DomainCloud,
  client = cloud.client(),
  more: Partial<ProviderContext> = {},
): ProviderContext => ({
  ...contextWithClient(client, cloud.api.context.clock),
  ...{ urn: URN, ownership: { ...identityOf(undefined, URN), hasDerivedName: false } },
  ...more,
});

/** Creates the service. Returns its state. */
export const createIn = async (context: ProviderContext, inputs: DomainInputs) => ({
  inputs,
  ...(await service.create(context, inputs)),
});

/** Updates the service. */
export const updateIn = (context: ProviderContext, found: Awaited<ReturnType<typeof createIn>>, inputs: DomainInputs) =>
  service.update(context, found.id, found, inputs);

/** The digits of the images in a group, one for each member. */
export const digitsIn = (cloud: DomainCloud, group: string): string =>
  cloud
    .membersOf(group)
    .map(({ image }) => image?.at(-1))
    .join("");
