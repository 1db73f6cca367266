import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { GatewayOnKubernetes, GatewayReload } from "pulumi-unikernel/kubernetes";
import { readFiles, uploadDefinitions } from "./definitions";

const config = new pulumi.Config();

const namespace = new k8s.core.v1.Namespace("edge");

// Redis, three gateways with the same volumes, and what leads to them.
const gateway = new GatewayOnKubernetes("gateway", {
  image: config.require("image"),
  namespace: namespace.metadata.name,
  replicas: 3,
  tyk: { version: "5.8.3", secret: config.requireSecret("tykSecret") },
  redis: { image: "redis:7.2", password: config.requireSecret("redisPassword") },
  storage: { storageClass: config.require("storageClass") },
  ingress: { className: config.require("ingressClass"), host: config.get("host") },
});

// The APIs are files of this project. A changed file is copied to the volume, and then all gateways load it.
const definitions = readFiles("apis");
const upload = uploadDefinitions("definitions", gateway, definitions);
new GatewayReload("reload", { gateway, reloadOn: [definitions] }, { dependsOn: [upload] });

export const url = gateway.url;
export const controlUrl = gateway.controlUrl;
