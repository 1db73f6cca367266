import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { answerInvokes } from "../../../../../provider/pulumi/invoke";
import { GatewayOnKubernetes, type GatewayOnKubernetesArgs } from "../../../../../sdk/kubernetes";
import { type DeclaredResource, mockPlatform } from "../../../../../sdk/testing";

type Tree = { readonly [name: string]: Tree } & string & number & readonly Tree[];

const ARGS: GatewayOnKubernetesArgs = {
  image: "tyk-gateway:v5.8.3",
  replicas: 3,
  tyk: { version: "5.8.3", secret: "gateway-password" },
  redis: { image: "redis:7.2", password: "redis-password" },
};

/** Runs a program with one component. */
async function create(args: GatewayOnKubernetesArgs, provisioner?: string) {
  const platform = mockPlatform({
    ...(provisioner === undefined
      ? {}
      : {
          foreign: {
            call: () => ({}),
            newResource: ({ type, name, inputs, id }) => ({
              id: id ?? name,
              state: {
                ...(inputs as object),
                metadata: { name, namespace: "default" },
                ...(type.endsWith(":StorageClass") ? { provisioner } : {}),
              },
            }),
          },
        }),
  });
  const outputs = await platform.run(() => {
    const gateway = new GatewayOnKubernetes("gateway", args);
    return { url: gateway.url, controlUrl: gateway.controlUrl, claims: gateway.claimNames };
  });
  const find = (kind: string, name: string): Tree => platform.find(`kubernetes:${kind}`, name).inputs as Tree;
  const kinds = platform.resources.map(({ kind, name }: DeclaredResource) => `${kind.split(":").at(-1)} ${name}`);
  return { outputs, find, kinds: kinds.sort() };
}

const pod = (deployment: Tree) => deployment["spec"]?.["template"]?.["spec"];

const INSTANCE = "project.stack.gateway";
const SELECTOR = { "app.kubernetes.io/instance": INSTANCE, "app.kubernetes.io/component": "gateway" };

describe("a GatewayOnKubernetes", function () {
  after(() => answerInvokes(undefined)); // other tests of this process ask a metro
  this.timeout(60_000); // the first run loads @pulumi/kubernetes

  it("has every object that several gateways need", async () => {
    const { kinds, outputs } = await create({ ...ARGS, ingress: { className: "nginx" } });
    assert.deepEqual(kinds, [
      "ConfigMap gateway-config",
      "Deployment gateway",
      "GatewayOnKubernetes gateway",
      "Ingress gateway",
      "NetworkPolicy gateway-redis",
      "PersistentVolumeClaim gateway-apps",
      "PersistentVolumeClaim gateway-middleware",
      "PersistentVolumeClaim gateway-policies",
      "PodDisruptionBudget gateway",
      "Secret gateway-redis",
      "Secret gateway-secret",
      "Service gateway",
      "Service gateway-control",
      "Service gateway-redis",
      "StatefulSet gateway-redis",
    ]);
    assert.deepEqual(outputs, {
      url: "http://gateway.default.svc:8080",
      controlUrl: "http://gateway-control.default.svc:9696",
      claims: { apps: "gateway-apps", policies: "gateway-policies", middleware: "gateway-middleware" },
    });
  });

  it("runs gateways as unprivileged users with probes, and the shared volumes where Tyk reads them", async () => {
    const { find } = await create(ARGS);
    const deployment = find("apps/v1:Deployment", "gateway");
    assert.deepEqual(deployment["spec"]?.["selector"], { matchLabels: SELECTOR });
    assert.deepEqual(deployment["spec"]?.["strategy"], {
      type: "RollingUpdate",
      rollingUpdate: { maxSurge: 1, maxUnavailable: 0 },
    });
    const spec = pod(deployment);
    assert.deepEqual(spec?.["securityContext"], {
      runAsNonRoot: true,
      fsGroup: 2000,
      fsGroupChangePolicy: "OnRootMismatch",
      seccompProfile: { type: "RuntimeDefault" },
    });
    const container = spec?.["containers"]?.[0];
    assert.deepEqual(container?.["securityContext"], {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    });
    assert.deepEqual(
      [container?.["livenessProbe"], container?.["readinessProbe"]],
      [
        {
          httpGet: { path: "/hello", port: "control" },
          ...{ initialDelaySeconds: 5, periodSeconds: 10, timeoutSeconds: 3, failureThreshold: 3 },
        },
        {
          httpGet: { path: "/ready", port: "control" },
          ...{ initialDelaySeconds: 1, periodSeconds: 5, timeoutSeconds: 3, failureThreshold: 3 },
        },
      ],
    );
    assert.deepEqual(container?.["volumeMounts"], [
      { name: "config", mountPath: "/etc/tyk-gateway", readOnly: true },
      { name: "tmp", mountPath: "/tmp" },
      { name: "apps", mountPath: "/mnt/tyk-gateway/apps" },
      { name: "policies", mountPath: "/mnt/tyk-gateway/policies" },
      { name: "middleware", mountPath: "/mnt/tyk-gateway/middleware" },
    ]);
    assert.deepEqual((spec?.["volumes"] as readonly unknown[] | undefined)?.slice(2), [
      { name: "apps", persistentVolumeClaim: { claimName: "gateway-apps" } },
      { name: "policies", persistentVolumeClaim: { claimName: "gateway-policies" } },
      { name: "middleware", persistentVolumeClaim: { claimName: "gateway-middleware" } },
    ]);
    assert.deepEqual(find("core/v1:PersistentVolumeClaim", "gateway-apps")["spec"], {
      accessModes: ["ReadWriteMany"],
      resources: { requests: { storage: "1024Mi" } },
    });
  });

  it("gives secrets by a Secret, and the rest by a file and variables with Tyk's names", async () => {
    const { find } = await create({ ...ARGS, env: { TYK_GW_LOGLEVEL: "info" }, secrets: { API_TOKEN: "t0ken" } });
    assert.deepEqual(find("core/v1:Secret", "gateway-secret")["stringData"], {
      TYK_GW_SECRET: "gateway-password",
      TYK_GW_NODESECRET: "gateway-password",
      TYK_GW_STORAGE_HOST: "gateway-redis",
      TYK_GW_STORAGE_PASSWORD: "redis-password",
      API_TOKEN: "t0ken",
    });
    const container = pod(find("apps/v1:Deployment", "gateway"))?.["containers"]?.[0];
    assert.deepEqual(container?.["envFrom"], [{ secretRef: { name: "gateway-secret" } }]);
    assert.deepEqual(container?.["env"], [
      { name: "TYK_GW_CONTROLAPIPORT", value: "9696" },
      { name: "TYK_GW_LOGLEVEL", value: "info" },
      { name: "TYK_GW_PIDFILELOCATION", value: "/tmp/tyk.pid" },
      { name: "TYK_GW_POLICIES_POLICYPATH", value: "/mnt/tyk-gateway/policies" },
    ]);
    const { data } = find("core/v1:ConfigMap", "gateway-config") as unknown as { data: { "tyk.conf": string } };
    const file = JSON.parse(data["tyk.conf"]) as Record<string, unknown>;
    assert.deepEqual(
      [file["listen_port"], file["app_path"], file["middleware_path"], file["template_path"]],
      [8080, "/mnt/tyk-gateway/apps", "/mnt/tyk-gateway/middleware", "/opt/tyk-gateway/templates"],
    );
  });

  it("restarts the gateways when the configuration file changes, and only then", async () => {
    const checksumOf = async (tyk: GatewayOnKubernetesArgs["tyk"]) => {
      const { find } = await create({ ...ARGS, tyk });
      const template = find("apps/v1:Deployment", "gateway")["spec"]?.["template"];
      return template?.["metadata"]?.["annotations"]?.["checksum/config"];
    };
    const first = await checksumOf(ARGS.tyk);
    const changed = await checksumOf({ ...ARGS.tyk, hashKeyFunction: "sha256" });
    const again = await checksumOf(ARGS.tyk);
    assert.match(first ?? "", /^[0-9a-f]{64}$/);
    assert.notEqual(changed, first);
    assert.equal(again, first);
  });

  it("keeps Redis in one pod with its own volume, and its password out of the manifest", async () => {
    const { find } = await create(ARGS);
    const redis = find("apps/v1:StatefulSet", "gateway-redis");
    const container = pod(redis)?.["containers"]?.[0];
    assert.deepEqual(container?.["args"], [
      ...["redis-server", "--requirepass", "$(REDIS_PASSWORD)", "--appendonly", "yes", "--dir", "/data"],
      ...["--maxmemory", "192mb"],
    ]);
    assert.ok(!JSON.stringify(redis).includes("redis-password"));
    assert.deepEqual(redis["spec"]?.["volumeClaimTemplates"]?.[0]?.["spec"], {
      accessModes: ["ReadWriteOnce"],
      resources: { requests: { storage: "1024Mi" } },
    });
    assert.deepEqual(find("core/v1:Secret", "gateway-redis")["stringData"], { REDIS_PASSWORD: "redis-password" });
    // Source: Kubernetes, "Network Policies": what the pods selected accept, and from whom.
    const instance = { "app.kubernetes.io/instance": SELECTOR["app.kubernetes.io/instance"] };
    assert.deepEqual(find("networking.k8s.io/v1:NetworkPolicy", "gateway-redis")["spec"], {
      podSelector: { matchLabels: { ...instance, "app.kubernetes.io/component": "redis" } },
      policyTypes: ["Ingress"],
      ingress: [{ from: [{ podSelector: { matchLabels: SELECTOR } }], ports: [{ port: 6379, protocol: "TCP" }] }],
    });
  });

  it("uses a Redis that exists", async () => {
    const { find, kinds } = await create({ ...ARGS, redis: { host: "redis.example.com", password: "p4ssword" } });
    assert.ok(!kinds.some((one) => one.includes("redis")));
    assert.equal(find("core/v1:Secret", "gateway-secret")["stringData"]?.["TYK_GW_STORAGE_HOST"], "redis.example.com");
  });

  it("keeps gateways with a disk of one node on that node, and never has one more than the disk allows", async () => {
    const storage = { accessMode: "ReadWriteOnce", singleNode: true } as const;
    const { find, kinds } = await create({ ...ARGS, storage });
    const deployment = find("apps/v1:Deployment", "gateway");
    assert.deepEqual(deployment["spec"]?.["strategy"]?.["rollingUpdate"], { maxSurge: 0, maxUnavailable: 1 });
    assert.deepEqual(pod(deployment)?.["affinity"], {
      podAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [
          { labelSelector: { matchLabels: SELECTOR }, topologyKey: "kubernetes.io/hostname" },
        ],
      },
    });
    assert.ok(!kinds.includes("PodDisruptionBudget gateway"));
    const claim = find("core/v1:PersistentVolumeClaim", "gateway-policies");
    assert.deepEqual(claim["spec"]?.["accessModes"], ["ReadWriteOnce"]);
  });

  it("leads to every path below its own, by the class", async () => {
    const ingress = { className: "nginx", host: "api.example.com", tlsSecret: "api-certificate" };
    const { find } = await create({ ...ARGS, ingress });
    assert.deepEqual(find("networking.k8s.io/v1:Ingress", "gateway")["spec"], {
      ingressClassName: "nginx",
      tls: [{ hosts: ["api.example.com"], secretName: "api-certificate" }],
      rules: [
        {
          host: "api.example.com",
          http: {
            paths: [
              {
                path: "/",
                pathType: "Prefix",
                backend: { service: { name: "gateway", port: { name: "http" } } },
              },
            ],
          },
        },
      ],
    });
  });

  it("lets the autoscaler set the number of gateways", async () => {
    const { find } = await create({ ...ARGS, autoscale: { maxReplicas: 9 } });
    const { metadata, spec } = find("apps/v1:Deployment", "gateway");
    assert.equal(spec?.["replicas"], 3, "left out, the cluster has one");
    assert.equal(metadata?.["annotations"], undefined);
    const fixed = (await create(ARGS)).find("apps/v1:Deployment", "gateway");
    assert.deepEqual(fixed["metadata"]?.["annotations"], { "pulumi.com/patchForce": "true" }, "else it cannot go back");
    const { minReplicas, maxReplicas, scaleTargetRef } = find("autoscaling/v2:HorizontalPodAutoscaler", "gateway")[
      "spec"
    ] as unknown as Record<string, unknown>;
    assert.deepEqual(
      [minReplicas, maxReplicas, scaleTargetRef],
      [3, 9, { apiVersion: "apps/v1", kind: "Deployment", name: "gateway" }],
    );
  });

  it("has the Tyk operator's objects on request, each for these gateways", async () => {
    const operator = {
      apis: { httpbin: { name: "httpbin", active: true } },
      policies: { gold: { name: "gold", access_rights_array: [{ name: "gateway-httpbin", namespace: "default" }] } },
    };
    const { find } = await create({ ...ARGS, operator });
    assert.deepEqual(find("core/v1:Secret", "gateway-operator")["stringData"], {
      TYK_MODE: "ce",
      TYK_URL: "http://gateway-control.default.svc:9696",
      TYK_AUTH: "gateway-password",
      TYK_ORG: "default",
    });
    const contextRef = { name: "gateway-operator", namespace: "default" };
    const api = find("tyk.tyk.io/v1alpha1:ApiDefinition", "gateway-api-httpbin");
    assert.deepEqual(
      [api["metadata"]?.["name"], api["spec"]],
      ["gateway-httpbin", { ...operator.apis.httpbin, contextRef }],
    );
    const policy = find("tyk.tyk.io/v1alpha1:SecurityPolicy", "gateway-policy-gold");
    assert.deepEqual(policy["spec"], { ...operator.policies.gold, contextRef });
    assert.deepEqual(find("tyk.tyk.io/v1alpha1:OperatorContext", "gateway-operator")["spec"], {
      secretRef: contextRef,
    });
  });

  it("needs no volumes with a control plane", async () => {
    const controlPlane = {
      ...{ connectionString: "mdcb.example.com:443", apiKey: "key", organisationId: "org", groupId: "eu" },
    };
    const { find, kinds } = await create({ ...ARGS, tyk: { ...ARGS.tyk, controlPlane } });
    assert.ok(!kinds.some((one) => one.startsWith("PersistentVolumeClaim")));
    const spec = pod(find("apps/v1:Deployment", "gateway"));
    assert.deepEqual(spec?.["containers"]?.[0]?.["volumeMounts"]?.[2], { name: "own", mountPath: "/mnt/tyk-gateway" });
    assert.deepEqual(spec?.["volumes"]?.[2], { name: "own", emptyDir: {} });
    assert.equal(find("core/v1:Secret", "gateway-secret")["stringData"]?.["TYK_GW_SLAVEOPTIONS_APIKEY"], "key");
  });

  it("encrypts secrets in state, also those that the program has in clear", async () => {
    const seen: Record<string, unknown> = {};
    const foreign: pulumi.runtime.Mocks = {
      call: () => ({}),
      newResource: ({ type, name, inputs }) => {
        if (type === "kubernetes:core/v1:Secret") seen[name] = (inputs as Record<string, unknown>)["stringData"];
        return { id: name, state: { ...(inputs as object), metadata: { name, namespace: "default" } } };
      },
    };
    await mockPlatform({ foreign }).run(() => new GatewayOnKubernetes("gateway", ARGS).url);
    // Source: @pulumi/pulumi `runtime/rpc.ts`, `specialSigKey` and `specialSecretSig`.
    const isSecret = (value: unknown) =>
      (value as Record<string, unknown>)["4dabf18193072939515e22adb298388d"] === "1b47061264138c4ac30d75fd1eb44270";
    assert.deepEqual(Object.keys(seen).sort(), ["gateway-redis", "gateway-secret"]);
    for (const [name, value] of Object.entries(seen)) assert.ok(isSecret(value), name);
  });

  it("hands its provider and its transforms to its objects", async () => {
    const platform = mockPlatform();
    await platform.run(() => {
      const provider = new k8s.Provider("cluster", { namespace: "edge" });
      const transformations: pulumi.ResourceTransformation[] = [
        ({ type, props, opts }) => {
          const { spec, ...others } = props as { readonly spec: object };
          const isDeployment = type === "kubernetes:apps/v1:Deployment";
          return isDeployment ? { props: { ...others, spec: { ...spec, revisionHistoryLimit: 2 } }, opts } : undefined;
        },
      ];
      return new GatewayOnKubernetes("gateway", ARGS, { provider, transformations }).url;
    });
    const objects = platform.resources.filter(({ kind }) => /^kubernetes:[a-z.0-9]+\//.test(kind));
    assert.equal(objects.length, 13);
    for (const { provider, name } of objects) assert.equal(provider, "cluster", name);
    const { inputs } = platform.find("kubernetes:apps/v1:Deployment", "gateway");
    assert.equal((inputs as Tree)["spec"]?.["revisionHistoryLimit"], 2);
  });

  it("accepts a class that shares a file system", async () => {
    const { find } = await create({ ...ARGS, storage: { storageClass: "azurefile-csi" } }, "file.csi.azure.com");
    const claim = find("core/v1:PersistentVolumeClaim", "gateway-apps");
    assert.equal(claim["spec"]?.["storageClassName"], "azurefile-csi");
  });

  it("rejects a class of disks for gateways on several nodes", async () => {
    for (const provisioner of [
      "disk.csi.azure.com",
      "ebs.csi.aws.com",
      "pd.csi.storage.gke.io",
      "rook.rbd.csi.ceph.com",
    ])
      await assert.rejects(
        create({ ...ARGS, storage: { storageClass: "fast" } }, provisioner),
        new RegExp(
          `INPUT_INVALID: GatewayOnKubernetes 'gateway': storage\\.storageClass: 'fast' makes disks \\(${provisioner}\\), which have no ReadWriteMany; use `,
        ),
      );
  });

  it("looks no class up for a program that may not, or for disks of one node", async () => {
    const { kinds } = await create({ ...ARGS, storage: { storageClass: "fast", lookUpClass: false } });
    assert.ok(!kinds.some((one) => one.startsWith("StorageClass")));
    const storage = { storageClass: "fast", accessMode: "ReadWriteOnce", singleNode: true } as const;
    const { find } = await create({ ...ARGS, storage }, "ebs.csi.aws.com");
    assert.equal(find("core/v1:PersistentVolumeClaim", "gateway-apps")["spec"]?.["storageClassName"], "fast");
  });

  const RWO = { accessMode: "ReadWriteOnce" } as const;
  const wrong: readonly (readonly [object, RegExp, string?])[] = [
    [{ tyk: { ...ARGS.tyk, secret: "352d20ee67be67f6340b4c0605b044b7" } }, /tyk: secret: is the public default/],
    [{ image: undefined }, /image: is missing\./],
    [{ image: "" }, /image: must be a text that is not empty/],
    [{ replica: 2 }, /has no argument 'replica'; did you mean 'replicas'\?/],
    [{ storage: { acessMode: "x" } }, /storage: has no argument 'acessMode'; did you mean 'accessMode'\?/],
    [{ replicas: 0 }, /replicas: must be a whole number from 1 to 1000\./],
    [{ replicas: 1.5 }, /replicas: must be a whole number from 1 to 1000\./],
    [{ replicas: pulumi.output(2) }, /replicas: must be a whole number from 1 to 1000\./, "an output as replicas"],
    [
      { storage: { accessMode: "ReadWriteOncePod" } },
      /storage\.accessMode: must be "ReadWriteMany" or "ReadWriteOnce"/,
    ],
    [{ storage: RWO }, /storage\.accessMode: .* 3 replicas may be on several; use .* singleNode: true/],
    [{ replicas: 1, storage: RWO, autoscale: { maxReplicas: 3 } }, /storage\.accessMode: .* autoscale starts gateways/],
    [{ storage: { singleNode: true } }, /storage\.singleNode: is for ReadWriteOnce/],
    [{ ingress: { className: "nginx", host: "" } }, /ingress\.host: must not be empty; leave it out/],
    [{ ingress: { host: "a" } }, /ingress\.className: is missing\./],
    [
      { ingress: { className: "a", annotations: { "kubernetes.io/ingress.class": "a" } } },
      /ingress\.annotations: .* deprecated/,
    ],
    [{ ingress: { className: "a", tlsSecret: "b" } }, /ingress\.tlsSecret: needs host/],
    [{ ingress: { className: "a", path: "b" } }, /ingress\.path: must begin with '\/'/],
    [{ probes: { readiness: { path: "/hello" } } }, /probes\.readiness\.path: .* use '\/ready'/],
    [
      { env: { TYK_GW_HEALTHCHECKENDPOINTNAME: "status" } },
      /probes\.liveness\.path: is '\/hello', but TYK_GW_HEALTHCHECKENDPOINTNAME names another one; set both to the same/,
    ],
    [
      { env: { TYK_GW_READINESSCHECKENDPOINTNAME: "live" } },
      /probes\.readiness\.path: is '\/ready', but TYK_GW_READINESSCHECKENDPOINTNAME names another one/,
    ],
    [
      { ingress: { className: "a", host: "https://api.example.com" } },
      /ingress\.host: must be a lower-case name such as/,
    ],
    [{ ingress: { className: "a", host: "API.example.com" } }, /ingress\.host: must be a lower-case name such as/],
    [{ tyk: pulumi.output(ARGS.tyk) }, /tyk: must be an object that is known at preview/, "an output as tyk"],
    [{ redis: pulumi.output(ARGS.redis) }, /redis: must be an object that is known at preview/, "an output as redis"],
    [{ env: { "1A": "x" } }, /env\.1A: cannot be the name of a variable; use letters, digits/],
    [{ probes: { liveness: { periodMs: 1500 } } }, /probes\.liveness\.periodMs: must be whole seconds in milliseconds/],
    [{ tyk: { ...ARGS.tyk, version: "5.7.1" } }, /tyk\.version: 5\.7\.1 has no '\/ready'/],
    [{ env: { A: "1" }, secrets: { A: "2" } }, /secrets: env already has A;/],
    [{ env: { TYK_GW_LISTENPORT: "1" } }, /env: the component sets TYK_GW_LISTENPORT; remove it/],
    [{ env: { A: 1 } }, /env\.A: must be a text or an output/],
    [{ autoscale: { maxReplicas: 2 } }, /autoscale\.maxReplicas: is 2, less than the fewest, 3/],
    [{ redis: { image: "redis:7.2" } }, /redis: password: is missing/],
    [{ redis: {} }, /redis: set either 'host' or 'addresses'/],
    [
      { operator: { apis: { Bad_Name: {} } } },
      /operator\.apis\.Bad_Name: cannot be the name of an object; use lower-case/,
    ],
  ];
  it("makes names that the cluster accepts", async () => {
    const named = (name: string, args: GatewayOnKubernetesArgs) =>
      mockPlatform().run(() => new GatewayOnKubernetes(name, args).url);
    const external = { ...ARGS, redis: { host: "redis" } };
    await named("g".repeat(37), ARGS);
    await named("g".repeat(46), external);
    const rule = (length: number): RegExp =>
      new RegExp(
        `INPUT_INVALID: GatewayOnKubernetes '.*': its objects cannot have .* use at most ${length} lower-case`,
      );
    await assert.rejects(named("g".repeat(38), ARGS), rule(37));
    await assert.rejects(named("g".repeat(47), external), rule(46));
    for (const name of ["Gateway", "my_gateway", "my.gateway", "1st", "gateway-"])
      await assert.rejects(named(name, ARGS), rule(37), name);
  });

  it("keeps secrets out of the Deployment", async () => {
    const env = { LEVEL: pulumi.output("info"), LATER: Promise.resolve("value") };
    const { find } = await create({ ...ARGS, env });
    const variables = pod(find("apps/v1:Deployment", "gateway"))?.["containers"]?.[0]?.["env"] as unknown as object[];
    assert.ok(variables.some((one) => isDeepStrictEqual(one, { name: "LEVEL", value: "info" })));
    assert.ok(variables.some((one) => isDeepStrictEqual(one, { name: "LATER", value: "value" })));
    await assert.rejects(
      create({ ...ARGS, env: { PASSWORD: pulumi.secret("hidden") } }),
      /INPUT_INVALID: GatewayOnKubernetes 'gateway': env\.PASSWORD: is secret, and everybody .*; move it to secrets\.$/,
    );
  });

  it("takes a Redis that a program chose with a condition, and an endpoint that is probed", async () => {
    const redis = { image: undefined, host: "redis" } as unknown as GatewayOnKubernetesArgs["redis"];
    const env = { TYK_GW_HEALTHCHECKENDPOINTNAME: "status" };
    const { kinds } = await create({ ...ARGS, redis, env, probes: { liveness: { path: "/status" } } });
    assert.ok(!kinds.includes("StatefulSet gateway-redis"));
  });

  for (const [change, message, title = JSON.stringify(change, (_, value: unknown) => value ?? null)] of wrong)
    it(`rejects ${title}`, async () => {
      await assert.rejects(
        create({ ...ARGS, ...change } as GatewayOnKubernetesArgs),
        new RegExp(`INPUT_INVALID: (GatewayOnKubernetes 'gateway': |tyk: )?${message.source}`),
      );
    });
});
