import * as pulumi from "@pulumi/pulumi";
import * as unikernel from "pulumi-unikernel";

const isLocal = new pulumi.Config("unikernel").require("metro") === "local";
const kraftfile = isLocal ? "Kraftfile.local" : "Kraftfile";
// Each value is a secret: encrypted in the stack's state.
const env = unikernel.dotenv("./.env");

// The Redis of this data plane. Only the metro's private network reaches it, by its private name.
const redis = new unikernel.Instance("redis", {
  image: new unikernel.GatewayImage("redis", { context: "./redis", kraftfile }),
  args: ["/usr/bin/redis-server", "--protected-mode", "no", "--requirepass", env.REDIS_PASSWORD],
  memoryMb: 256,
  restartPolicy: "always",
});

// The gateway connects to the control plane, and nothing connects back: a data plane works behind any firewall.
const tyk = unikernel.tyk({
  version: "5.8.3",
  secret: env.TYK_SECRET,
  redis: { host: redis.privateFqdn, password: env.REDIS_PASSWORD },
  controlPlane: {
    connectionString: env.MDCB_URL,
    apiKey: env.MDCB_KEY,
    organisationId: env.TYK_ORGANISATION,
    groupId: `${pulumi.getProject()}-${pulumi.getStack()}`,
    useSsl: new pulumi.Config().getBoolean("mdcbTls") ?? true,
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
