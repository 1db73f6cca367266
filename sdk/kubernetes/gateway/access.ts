/** How the gateways are reached: Services inside the cluster, an Ingress from outside. Pure. */
import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { selectorOf } from "../common/labels";
import { metadataOf } from "../common/metadata";
import { CONTROL_PORT, GATEWAY_PORT } from "./configuration";
import { GATEWAY_PART } from "./deployment";
import type { GatewayIngress, GatewayPlan } from "./plan";

const renderService = (
  plan: GatewayPlan,
  part: string,
  portName: string,
  port: number,
): k8s.types.input.core.v1.Service => ({
  metadata: metadataOf(plan, part),
  spec: {
    type: "ClusterIP",
    selector: selectorOf(plan.instance, GATEWAY_PART),
    ports: [{ name: portName, port, targetPort: portName, protocol: "TCP" }],
  },
});

/** The Service for clients. */
export const renderTrafficService = (plan: GatewayPlan): k8s.types.input.core.v1.Service =>
  renderService(plan, GATEWAY_PART, "http", GATEWAY_PORT);

/** The Service of the gateway's own API, which stays inside the cluster. */
export const renderControlService = (plan: GatewayPlan): k8s.types.input.core.v1.Service =>
  renderService(plan, "control", "control", CONTROL_PORT);

/**
 * The Ingress. Its type is `Prefix`: `Exact` would lead to `path` alone and to no API below it.
 *
 * @param service name of the Service for clients
 */
export const renderIngress = (
  plan: GatewayPlan,
  { className, host, path, tlsSecret, annotations }: GatewayIngress,
  service: pulumi.Input<string>,
): k8s.types.input.networking.v1.Ingress => ({
  metadata: metadataOf(plan, "ingress", annotations),
  spec: {
    ingressClassName: className,
    ...(tlsSecret === undefined || host === undefined ? {} : { tls: [{ hosts: [host], secretName: tlsSecret }] }),
    rules: [
      {
        ...(host === undefined ? {} : { host }),
        http: {
          paths: [{ path, pathType: "Prefix", backend: { service: { name: service, port: { name: "http" } } } }],
        },
      },
    ],
  },
});

/** URL of a Service inside the cluster. */
export const urlOf = (name: string, namespace: string, port: number): string =>
  `http://${name}.${namespace}.svc:${port}`;
