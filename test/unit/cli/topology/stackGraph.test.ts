import assert from "node:assert/strict";
import { type ReportedResource, toStackResources } from "../../../../provider/cli/topology/stackExport";
import { stackGraph } from "../../../../provider/cli/topology/stackGraph";
import { CLUSTER, DMZ, member, own, secret, SHOP } from "./stacks";

/** `Service web` for each node, with its details, and `Service web > Instances: 443 tls → 8080` for each edge. */
function describeGraph(resources: readonly ReportedResource[]): { nodes: readonly string[]; edges: readonly string[] } {
  const { nodes, edges } = stackGraph(toStackResources(resources));
  const titles = new Map(nodes.map(({ id, label, name }) => [id, `${label} ${name}`]));
  const arrows = { traffic: ">", uses: "->", link: "-" };
  return {
    nodes: nodes
      .map(({ label, name, details, count }) =>
        [`${label} ${name}`, ...details, ...(count > 1 ? [`x${count}`] : [])].join("; "),
      )
      .sort(),
    edges: edges
      .map(({ from, to, kind, label }) => `${titles.get(from)} ${arrows[kind]} ${titles.get(to)}: ${label.join("; ")}`)
      .sort(),
  };
}

describe("the graph of a stack", () => {
  it("has our resources, and their dependencies as edges", () => {
    assert.deepEqual(describeGraph(SHOP), {
      nodes: [
        "Certificate shop.example.com",
        "GatewayImage gateway",
        "Instance edge; edge:1; 64 MiB",
        "Instance job; 64 MiB; 9000 → 9000",
        "Instance redis; redis:7.2; 256 MiB",
        "Instances 3 replicas; 128 MiB; scales to zero; x3",
        "Service edge",
        "Service web",
        "Stack acme/network/prod",
        "Stack hidden",
        "Volume data; 64 MiB",
      ],
      edges: [
        "Instance job -> GatewayImage gateway: ",
        "Instance job -> Volume data: /data read-only",
        "Instances 3 replicas -> GatewayImage gateway: ",
        "Instances 3 replicas -> Instance redis: ",
        "Instances 3 replicas -> Stack acme/network/prod: ",
        "Service edge -> Certificate shop.example.com: ",
        "Service edge > Instance edge: 8443 tls → 8443",
        "Service web > Instances 3 replicas: 443 tls, http → 8080; 80 http, redirect → 443; 5353 udp → 5353",
      ],
    });
  });

  it("has networks with their subnets and the addresses of their members", () => {
    assert.deepEqual(describeGraph(DMZ), {
      nodes: [
        "Instance alone; alone:1; 64 MiB",
        "Instance client; client:1; 64 MiB",
        "Instance dns; dns:1; 64 MiB",
        "Instance firewall; firewall:1; 64 MiB",
        "Instance web; web:1; 64 MiB",
        "Network dmz; 10.1.0.0/24",
        "Network outside; 10.0.0.0/24",
      ],
      edges: [
        "Instance client - Network outside: .9",
        "Instance dns - Network dmz: .53",
        "Instance firewall - Network dmz: eth1 .1",
        "Instance firewall - Network outside: eth0 .1",
        "Instance web - Network dmz: .10",
      ],
    });
  });

  it("leaves out of an address what its network fixes", () => {
    const labelOf = (networkInterfaces: readonly object[]) =>
      stackGraph(toStackResources([member("it", networkInterfaces)])).edges.map(({ label }) => label);
    assert.deepEqual(labelOf([{ network: "a", ip: "10.20.30.40/29" }]), [[".40"]]);
    assert.deepEqual(labelOf([{ network: "a", ip: "10.20.30.40/20" }]), [[".30.40"]]);
    assert.deepEqual(labelOf([{ network: "a", ip: "10.20.30.40/7" }]), [["10.20.30.40"]]);
    assert.deepEqual(labelOf([{ network: "a" }]), [[]]);
    assert.deepEqual(labelOf([{ network: "a" }, { network: "b" }]), [["eth0"], ["eth1"]]);
  });

  it("has workloads, services, ingresses and claims of Kubernetes beside them", () => {
    assert.deepEqual(describeGraph(CLUSTER), {
      nodes: [
        "Deployment gateway; 3 replicas; runtime class urunc; x3",
        "GatewayImage gateway",
        "Ingress gateway; api.example.com",
        "PersistentVolumeClaim apps",
        "PersistentVolumeClaim apps; 1Gi; ReadWriteMany",
        "Pod probe",
        "Service gateway",
        "Service headless",
        "Service redis",
      ],
      edges: [
        "Deployment gateway -> GatewayImage gateway: ",
        "Deployment gateway -> PersistentVolumeClaim apps: /apps",
        "Deployment gateway -> Service redis: ",
        "Ingress gateway > Service gateway: / Prefix",
        "Service gateway > Deployment gateway: 80 → http; 443 → 443",
      ],
    });
  });

  it("has the claims of a dependency where a secret hides the mounts", () => {
    const [claim, pod] = ["PersistentVolumeClaim", "Pod"].map((kind) => `kubernetes:core/v1:${kind}`);
    const urnOf = (type = ""): string => `urn:pulumi:dev::shop::${type}::${type}`;
    const hidden: ReportedResource[] = [
      { urn: urnOf(claim), type: claim ?? "" },
      { urn: urnOf(pod), type: pod ?? "", inputs: { spec: secret() }, propertyDependencies: { spec: [urnOf(claim)] } },
    ];
    assert.deepEqual(stackGraph(toStackResources(hidden)).edges.length, 1);
  });

  it("has what depends_on says in a Compose project, and no other order", () => {
    const parent = "urn:pulumi:dev::shop::unikernel:index:ComposeProject::tyk";
    const waiting = (kind: string, name: string, dependencies: string[], made: Record<string, string[]> = {}) => {
      const type = `pulumi-nodejs:dynamic/unikernel:${kind}`;
      const inputs = kind === "Service" && name === "gateway" ? { template: {} } : {};
      return { urn: own(kind, name), type, parent, inputs, dependencies, propertyDependencies: made };
    };
    const [redis, web, webService] = [own("Instance", "redis"), own("Instance", "web"), own("Service", "web")];
    const project = [
      { urn: parent, type: "unikernel:index:ComposeProject" },
      waiting("Instance", "redis", []),
      waiting("Service", "web", []),
      waiting("Instance", "web", [webService], { service: [webService] }),
      waiting("Service", "gateway", [redis, web, webService]),
    ];
    const traffic = ["Service gateway > Instances 1 replica: ", "Service web > Instance web: "];
    assert.deepEqual(describeGraph(project).edges, [
      "Instances 1 replica -> Instance redis: ",
      "Instances 1 replica -> Service web: ",
      ...traffic,
    ]);
    const elsewhere = project.map((one) => ({ ...one, parent: "" }));
    assert.deepEqual(describeGraph(elsewhere).edges, traffic);
  });

  it("has nodes in the order of the numbers in their names", () => {
    const type = "pulumi-nodejs:dynamic/unikernel:Volume";
    const names = ["disk-10", "disk-9", "disk-1", "disk-01"];
    const volumes = names.map((name): ReportedResource => ({ urn: own("Volume", name), type }));
    const { nodes } = stackGraph(toStackResources(volumes));
    assert.deepEqual(
      nodes.map(({ name }) => name),
      ["disk-01", "disk-1", "disk-9", "disk-10"],
    );
  });

  it("is empty for an empty stack", () => assert.deepEqual(stackGraph([]), { project: "", nodes: [], edges: [] }));
});
