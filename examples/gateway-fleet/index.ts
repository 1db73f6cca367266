import * as pulumi from "@pulumi/pulumi";
import * as unikernel from "pulumi-unikernel";

const config = new pulumi.Config();
const isLocal = new pulumi.Config("unikernel").require("metro") === "local";
const kraftfile = isLocal ? "Kraftfile.local" : "Kraftfile";

// On this machine, both are the local platform.
const inMetro = (name: string) => new unikernel.Provider(name, { metro: config.require(name) });

// Every instance says who owns it, also those inside the component.
const withOwner: pulumi.ResourceTransformation = ({ type, props, opts }) =>
  type.endsWith(":Instance")
    ? { props: { ...(props as unikernel.InstanceArgs), tags: ["team:edge"] }, opts }
    : undefined;

const redis = new unikernel.GatewayImage("redis", { context: "./redis", kraftfile });

// A change of the image, of a variable or of a secret replaces the gateways: first the one in the east, and if it keeps running for the
// bake time, those in the west. If they fail, the east returns to what it ran before.
const fleet = new unikernel.GatewayFleet(
  "gateway",
  {
    build: { context: "./gateway", kraftfile },
    memoryMb: 128,
    ports: [{ port: 443, destinationPort: 8080, handlers: ["tls", "http"] }],
    redis: { image: redis, memoryMb: 128, sizeMb: 64, password: config.requireSecret("redisPassword") },
    env: { GREETING: config.require("greeting") },
    secrets: { API_KEY: config.requireSecret("apiKey") },
    health: { path: "/ready", match: { "$.status": "pass" } },
    metros: [
      { name: "east", provider: inMetro("east"), replicas: 1 },
      { name: "west", provider: inMetro("west"), replicas: 2 },
    ],
    bakeTimeMs: config.requireNumber("bakeTimeMs"),
    onFailure: "rollback",
  },
  { transformations: [withOwner] },
);

// Plain values, for a StackReference in the stack of a load balancer or a monitor.
export const urls = fleet.urls;
export const digests = fleet.digests;
