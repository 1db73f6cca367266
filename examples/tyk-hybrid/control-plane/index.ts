import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

const config = new pulumi.Config();
const namespace = config.require("namespace");
const port = config.requireNumber("port");
const selector = { "app.kubernetes.io/name": "tyk-mdcb", "app.kubernetes.io/instance": pulumi.getStack() };
const metadata = { namespace, labels: selector };

// Another secret makes another object, whose name then replaces the pods.
const secrets = new k8s.core.v1.Secret("mdcb", {
  metadata,
  immutable: true,
  stringData: {
    TYK_MDCB_LICENSE: config.requireSecret("licence"),
    TYK_MDCB_STORAGE_PASSWORD: config.requireSecret("redisPassword"),
    TYK_MDCB_ANALYTICSCONFIG_CONNECTIONSTRING: config.requireSecret("database"),
  },
});

// MDCB reads the variables after its file, which must exist.
const settings = new k8s.core.v1.ConfigMap("mdcb", { metadata, immutable: true, data: { "tyk_sink.conf": "{}" } });
const variables = {
  TYK_MDCB_LISTENPORT: "9091",
  TYK_MDCB_HTTPPORT: "8181",
  TYK_MDCB_HASHKEYS: "true",
  TYK_MDCB_STORAGE_TYPE: "redis",
  TYK_MDCB_STORAGE_ADDRS: config.require("redisAddress"),
  TYK_MDCB_ANALYTICSCONFIG_TYPE: "postgres",
  // The API key crosses networks that others share.
  TYK_MDCB_SERVEROPTIONS_USESSL: "true",
  TYK_MDCB_SERVEROPTIONS_CERTIFICATE_CERTFILE: "/etc/tls/tls.crt",
  TYK_MDCB_SERVEROPTIONS_CERTIFICATE_KEYFILE: "/etc/tls/tls.key",
};

const mdcb = new k8s.apps.v1.Deployment("mdcb", {
  metadata,
  spec: {
    replicas: 2,
    strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
    selector: { matchLabels: selector },
    template: {
      metadata: { labels: selector },
      spec: {
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        securityContext: {
          runAsNonRoot: true,
          runAsUser: 1000,
          seccompProfile: { type: "RuntimeDefault" },
        },
        topologySpreadConstraints: [
          {
            maxSkew: 1,
            topologyKey: "kubernetes.io/hostname",
            whenUnsatisfiable: "ScheduleAnyway",
            labelSelector: { matchLabels: selector },
          },
        ],
        containers: [
          {
            name: "mdcb",
            image: config.require("image"),
            command: ["/opt/tyk-sink/tyk-sink", "--c=/etc/tyk-sink/tyk_sink.conf"],
            ports: [
              { name: "rpc", containerPort: 9091 },
              { name: "health", containerPort: 8181 },
            ],
            env: Object.entries(variables).map(([name, value]) => ({ name, value })),
            envFrom: [{ secretRef: { name: secrets.metadata.name } }],
            livenessProbe: { httpGet: { path: "/liveness", port: "health" }, periodSeconds: 5, timeoutSeconds: 3 },
            // It fails without Redis and without the database.
            readinessProbe: { httpGet: { path: "/readiness", port: "health" }, periodSeconds: 5, timeoutSeconds: 3 },
            resources: { requests: { cpu: "100m", memory: "256Mi" }, limits: { memory: "256Mi" } },
            securityContext: {
              allowPrivilegeEscalation: false,
              readOnlyRootFilesystem: true,
              capabilities: { drop: ["ALL"] },
            },
            volumeMounts: [
              { name: "settings", mountPath: "/etc/tyk-sink", readOnly: true },
              { name: "tls", mountPath: "/etc/tls", readOnly: true },
            ],
          },
        ],
        volumes: [
          { name: "settings", configMap: { name: settings.metadata.name } },
          { name: "tls", secret: { secretName: config.require("tlsSecret") } },
        ],
      },
    },
  },
});

new k8s.policy.v1.PodDisruptionBudget("mdcb", {
  metadata,
  spec: { maxUnavailable: 1, selector: { matchLabels: selector } },
});

// MDCB speaks no HTTP, so a load balancer and not an Ingress leads to it.
const entry = new k8s.core.v1.Service("mdcb", {
  metadata,
  spec: { type: "LoadBalancer", selector, ports: [{ name: "rpc", port, targetPort: "rpc" }] },
});

/** The address that DNS must have for the host. */
export const address = entry.status.loadBalancer.ingress[0].apply(({ ip, hostname }) => ip ?? hostname);

// What a data plane reads, once MDCB is ready.
export const mdcbUrl = mdcb.id.apply(() => `${config.require("host")}:${port}`);
export const mdcbKey = config.requireSecret("apiKey");
export const organisationId = config.requireSecret("organisation");
