/** An image without a program of ours: busybox as a web server for the folder `/www`. */
import { requireTool } from "../builders";
import type { TestImage } from "./kubelet/images";

/** Serves `/www` at port 8080. Its only program is `/bin/busybox`. */
export function webImage(): TestImage {
  return {
    files: { "/bin/busybox": requireTool("busybox") },
    entrypoint: ["/bin/busybox", "httpd", "-f", "-p", "$(LISTEN_HOST):8080", "-h", "/www"],
  };
}
