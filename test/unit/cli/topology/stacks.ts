/** Stacks of the topology tests, as `pulumi stack export` prints them. */
import type { ReportedResource } from "../../../../provider/cli/topology/stackExport";

const SIGNATURE = "4dabf18193072939515e22adb298388d";

/** A secret in an export. */
export const secret = (ciphertext = "djE6c2VjcmV0"): object => ({
  [SIGNATURE]: "1b47061264138c4ac30d75fd1eb44270",
  ciphertext,
});

const urnOf = (type: string, name: string): string => `urn:pulumi:dev::shop::${type}::${name}`;

/** URN of one of our resources. */
export const own = (kind: string, name: string): string => urnOf(`pulumi-nodejs:dynamic/unikernel:${kind}`, name);

const resource = (
  type: string,
  name: string,
  inputs: Readonly<Record<string, unknown>>,
  dependencies: Readonly<Record<string, string[]>> = {},
  outputs: Readonly<Record<string, unknown>> = {},
): ReportedResource => ({
  ...{ urn: urnOf(type, name), type, id: `id-of-${name}`, inputs, propertyDependencies: dependencies },
  outputs: { ...inputs, ...outputs },
});

const STACK_REFERENCE = "pulumi:pulumi:StackReference";

const unikernel = (kind: string, ...rest: [string, Readonly<Record<string, unknown>>, Record<string, string[]>?]) =>
  resource(`pulumi-nodejs:dynamic/unikernel:${kind}`, ...rest);

/** A service with a Redis beside it, a job with a volume of its own, and resources that no picture shows. */
export const SHOP: readonly ReportedResource[] = [
  { urn: urnOf("pulumi:pulumi:Stack", "shop-dev"), type: "pulumi:pulumi:Stack" },
  { urn: urnOf("pulumi:providers:random", "default"), type: "pulumi:providers:random", id: "x" },
  resource("random:index/randomPassword:RandomPassword", "password", { length: 16 }),
  resource(STACK_REFERENCE, "network", { name: "acme/network/prod" }, {}, { outputs: secret() }),
  resource(STACK_REFERENCE, "hidden", { name: secret() }),
  unikernel("GatewayImage", "gateway", { context: "./gateway" }),
  unikernel("Instance", "redis", { image: "redis:7.2", memoryMb: 256, env: secret() }),
  resource(
    "pulumi-nodejs:dynamic/unikernel:Service",
    "web",
    {
      ports: [
        { port: 443, destinationPort: 8080, handlers: ["tls", "http"] },
        { port: 80, destinationPort: 443, handlers: ["http", "redirect"] },
        { port: 5353, protocol: "udp" },
        { port: secret() },
      ],
      replicas: 3,
      template: { image: "gateway@sha256:0", memoryMb: 128, env: secret(), scaleToZero: { policy: "on" } },
    },
    {
      template: [own("GatewayImage", "gateway"), own("Instance", "redis"), urnOf(STACK_REFERENCE, "network")],
      ports: [],
    },
    { template: secret() },
  ),
  unikernel("Volume", "data", { sizeMb: 64, name: "data-1a2b3c4" }),
  unikernel(
    "Instance",
    "job",
    {
      image: "gateway@sha256:0",
      memoryMb: 64,
      scaleToZero: { policy: "off" },
      serviceGroup: { ports: [{ port: 9000 }] },
      volumes: [
        { volume: "id-of-data", at: "/data", readonly: true },
        { volume: "elsewhere", at: "/x" },
      ],
    },
    { image: [own("GatewayImage", "gateway")], volumes: [own("Volume", "data")] },
  ),
  // A service without replicas of its own, with an instance that names it.
  unikernel("Certificate", "shop.example.com", { chain: secret() }),
  unikernel(
    "Service",
    "edge",
    { ports: [{ port: 8443, handlers: ["tls"] }] },
    {
      domains: [own("Certificate", "shop.example.com")],
    },
  ),
  unikernel("Instance", "edge", { image: "edge:1", memoryMb: 64 }, { service: [own("Service", "edge")] }),
  { urn: own("Instance", "replaced"), type: "pulumi-nodejs:dynamic/unikernel:Instance", delete: true },
];

/** An instance with these network interfaces. */
export const member = (name: string, interfaces: readonly object[]): ReportedResource =>
  unikernel("Instance", name, { image: `${name}:1`, memoryMb: 64, networkInterfaces: interfaces });

/** Two networks with a firewall between them. */
export const DMZ: readonly ReportedResource[] = [
  member("client", [{ network: "outside", ip: "10.0.0.9/24" }]),
  member("firewall", [
    { network: "outside", ip: "10.0.0.1/24" },
    { network: "dmz", ip: "10.1.0.1/24" },
  ]),
  member("web", [{ network: "dmz", ip: "10.1.0.10/24" }]),
  member("dns", [{ network: "dmz", ip: "10.1.0.53/24" }]),
  member("alone", [{ ip: secret() }]),
];

const labels = { app: "gateway" };
const container = { name: "gateway", volumeMounts: [{ name: "apps", mountPath: "/apps" }] };

/** A deployment behind a service and an ingress, with a claim, and what no picture shows. */
export const CLUSTER: readonly ReportedResource[] = [
  unikernel("GatewayImage", "gateway", {}),
  resource("kubernetes:core/v1:Namespace", "edge", { metadata: { name: "edge" } }),
  // Its namespace is one of the probe, which says nothing; its text is the host of a Redis, which does.
  resource(
    "kubernetes:core/v1:Secret",
    "keys",
    { stringData: secret() },
    {
      metadata: [urnOf("kubernetes:core/v1:Pod", "probe")],
      stringData: [urnOf("kubernetes:core/v1:Service", "redis"), urnOf("kubernetes:core/v1:Secret", "keys")],
    },
  ),
  resource("kubernetes:core/v1:Service", "redis", { metadata: { namespace: "edge" }, spec: {} }),
  resource(
    "kubernetes:apps/v1:Deployment",
    "gateway",
    {
      metadata: { name: "gateway", namespace: "edge" },
      spec: {
        replicas: 3,
        template: {
          metadata: { labels },
          spec: {
            runtimeClassName: "urunc",
            containers: [container],
            volumes: [
              { name: "apps", persistentVolumeClaim: { claimName: "apps" } },
              { name: "tmp", emptyDir: {} },
            ],
          },
        },
      },
    },
    {
      metadata: [urnOf("kubernetes:core/v1:Pod", "probe")],
      spec: [
        own("GatewayImage", "gateway"),
        urnOf("kubernetes:core/v1:Secret", "keys"),
        urnOf("kubernetes:core/v1:PersistentVolumeClaim", "apps-elsewhere"),
      ],
    },
  ),
  resource("kubernetes:core/v1:Pod", "probe", { metadata: { labels: { app: "probe" } }, spec: { containers: [] } }),
  resource(
    "kubernetes:core/v1:Service",
    "gateway",
    {
      metadata: { name: "gateway", namespace: "edge" },
      spec: { selector: labels, ports: [{ port: 80, targetPort: "http" }, { port: 443 }, {}] },
    },
    { spec: [urnOf("kubernetes:apps/v1:Deployment", "gateway")] },
  ),
  resource("kubernetes:core/v1:Service", "headless", { metadata: { namespace: "edge" }, spec: {} }),
  resource("kubernetes:networking.k8s.io/v1:Ingress", "gateway", {
    metadata: { namespace: "edge" },
    spec: {
      rules: [
        {
          host: "api.example.com",
          http: {
            paths: [
              { path: "/", pathType: "Prefix", backend: { service: { name: "gateway" } } },
              { path: "/x", backend: { service: { name: "elsewhere" } } },
            ],
          },
        },
      ],
    },
  }),
  resource("kubernetes:core/v1:PersistentVolumeClaim", "apps", {
    metadata: { name: "apps", namespace: "edge" },
    spec: { accessModes: ["ReadWriteMany"], resources: { requests: { storage: "1Gi" } } },
  }),
  resource("kubernetes:core/v1:PersistentVolumeClaim", "apps-elsewhere", { metadata: { name: "apps" }, spec: {} }),
];
