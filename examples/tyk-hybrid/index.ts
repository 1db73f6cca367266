import * as pulumi from "@pulumi/pulumi";
import * as unikernel from "pulumi-unikernel";

const isLocal = new pulumi.Config("unikernel").require("metro") === "local";
const kraftfile = isLocal ? "Kraftfile.local" : "Kraftfile";
const config = new pulumi.Config();
const redisPassword = config.requireSecret("redisPassword");
// What the stack of control-plane/ tells its data planes. A secret output stays one.
const controlPlane = new pulumi.StackReference("control-plane", { name: config.require("controlPlane") });

// The Redis of this data plane. Only the metro's private network reaches it, by its private name. It keeps what the gateways
// load when the control plane cannot be reached.
const redis = new unikernel.Instance("redis", {
  image: new unikernel.GatewayImage("redis", { context: "./redis", kraftfile }),
  args: [
    ...["/usr/bin/redis-server", "--protected-mode", "no", "--requirepass", redisPassword],
    ...["--dir", "/data", "--appendonly", "yes"],
  ],
  memoryMb: 256,
  volumes: [{ volume: new unikernel.Volume("redis-data", { sizeMb: 256 }).id, at: "/data" }],
  restartPolicy: "always",
});

// The gateway connects to the control plane, and nothing connects back: a data plane works behind any firewall.
const tyk = unikernel.tyk({
  version: "5.8.3",
  secret: config.requireSecret("tykSecret"),
  redis: { host: redis.privateFqdn, password: redisPassword },
  controlPlane: {
    connectionString: controlPlane.requireOutput("mdcbUrl"),
    apiKey: controlPlane.requireOutput("mdcbKey"),
    organisationId: controlPlane.requireOutput("organisationId"),
    groupId: `${pulumi.getProject()}-${pulumi.getStack()}`,
  },
});

const gateway = new unikernel.Service("gateway", {
  ports: [
    { port: 443, destinationPort: tyk.listenPort, handlers: ["tls", "http"] },
    { port: 80, destinationPort: 443, handlers: ["http", "redirect"] },
  ],
  replicas: 2,
  template: {
    image: new unikernel.GatewayImage("gateway", { context: "./gateway", kraftfile, files: tyk.files }),
    memoryMb: isLocal ? 256 : 512,
    env: tyk.env,
    scaleToZero: tyk.scaleToZero,
    // On this machine, the gateway also finds a control plane here, as host.internal.
    annotations: isLocal ? { "unikernel.local/host-access": "true" } : {},
  },
  // A changed key replaces the gateways one by one, each as soon as the next has loaded its APIs.
  rollout: { gate: tyk.gate },
});

export const url = gateway.url;
export const redisHost = redis.privateFqdn;
