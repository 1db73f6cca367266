import * as unikernel from "pulumi-unikernel";

// The folder site/ holds a Kraftfile and the files of the image.
const site = new unikernel.GatewayImage("site", { context: "./site" });

// Two VMs behind one port. A change of the image replaces them one by one.
const web = new unikernel.Service("web", {
  ports: [{ port: 8080, destinationPort: 8080 }],
  replicas: 2,
  template: { image: site, memoryMb: 128 },
});

// A disk that outlives the VM that uses it. One VM at a time may write to it.
const data = new unikernel.Volume("data", { sizeMb: 64 });

new unikernel.Instance("worker", {
  image: site,
  args: ["/bin/busybox", "sh", "-c", "date >> /data/boots; exec /bin/busybox sleep 1000000000"],
  memoryMb: 128,
  volumes: [{ volume: data.id, at: "/data" }],
});

export const url = web.url;
