import * as pulumi from "@pulumi/pulumi";
import * as unikernel from "pulumi-unikernel";

const isLocal = new pulumi.Config("unikernel").require("metro") === "local";
const env = unikernel.dotenv("./.env");

// Checks the settings, and gives them the names that Tyk reads.
const tyk = unikernel.tyk({
  version: "5.8.3",
  secret: env.TYK_SECRET,
  redis: { host: env.REDIS_HOST, password: env.REDIS_PASSWORD },
  controlPlane: {
    connectionString: env.MDCB_URL,
    apiKey: env.MDCB_KEY,
    organisationId: env.TYK_ORGANISATION,
    groupId: `${pulumi.getProject()}-${pulumi.getStack()}`,
  },
  tags: ["unikraft"],
});

// The folder gateway/ holds Kraftfiles and a Dockerfile. The image has no secrets, so all stacks can share it.
const image = new unikernel.GatewayImage("gateway", {
  context: "./gateway",
  kraftfile: isLocal ? "Kraftfile.local" : "Kraftfile",
  files: tyk.files,
});

// A change of the image or of a setting replaces the gateways one by one, each as soon as the next has loaded its APIs.
const gateway = new unikernel.Service("gateway", {
  ports: isLocal
    ? [{ port: 8080, destinationPort: tyk.listenPort }]
    : [
        { port: 443, destinationPort: tyk.listenPort, handlers: ["tls", "http"] },
        { port: 80, destinationPort: 443, handlers: ["http", "redirect"] },
      ],
  replicas: 2,
  template: { image, memoryMb: isLocal ? 256 : 512, env: tyk.env, scaleToZero: tyk.scaleToZero },
  rollout: { gate: tyk.gate },
});

export const url = gateway.url;
