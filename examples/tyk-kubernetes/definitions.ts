import * as fs from "node:fs";
import * as path from "node:path";
import * as k8s from "@pulumi/kubernetes";
import type { GatewayOnKubernetes } from "pulumi-unikernel/kubernetes";

/** The texts of a folder's JSON files, by name. */
export function readFiles(folder: string): Record<string, string> {
  const names = fs.readdirSync(folder).filter((name) => name.endsWith(".json"));
  return Object.fromEntries(names.map((name) => [name, fs.readFileSync(path.join(folder, name), "utf8")]));
}

/**
 * Copies API definitions to the volume of the gateways, as its one writer. Other definitions make another ConfigMap, whose name makes
 * another Job.
 */
export function uploadDefinitions(
  name: string,
  gateway: GatewayOnKubernetes,
  definitions: Record<string, string>,
): k8s.batch.v1.Job {
  const metadata = { namespace: gateway.namespace };
  const files = new k8s.core.v1.ConfigMap(name, { metadata, immutable: true, data: definitions });
  const claimName = gateway.claimNames.apply(({ apps }) => apps ?? "");
  return new k8s.batch.v1.Job(name, {
    metadata,
    spec: {
      backoffLimit: 3,
      template: {
        spec: {
          restartPolicy: "Never",
          automountServiceAccountToken: false,
          securityContext: {
            runAsNonRoot: true,
            runAsUser: 65532,
            fsGroup: 2000, // as the gateways
            seccompProfile: { type: "RuntimeDefault" },
          },
          containers: [
            {
              name: "upload",
              image: "busybox:1.37",
              command: ["/bin/busybox", "sh", "-c"],
              args: ["rm -f /apps/*.json && cp /definitions/*.json /apps/"],
              securityContext: {
                allowPrivilegeEscalation: false,
                readOnlyRootFilesystem: true,
                capabilities: { drop: ["ALL"] },
              },
              volumeMounts: [
                { name: "definitions", mountPath: "/definitions", readOnly: true },
                { name: "apps", mountPath: "/apps" },
              ],
            },
          ],
          volumes: [
            { name: "definitions", configMap: { name: files.metadata.name } },
            { name: "apps", persistentVolumeClaim: { claimName } },
          ],
        },
      },
    },
  });
}
