/** Every kind of published port in front of one VM, and curl as its client. */
import { spawn } from "node:child_process";
import type { Vm } from "../../provider/platform/vmm/vmm";
import { HttpPort } from "./httpPort";

/** The kinds: with and without the handlers `http` and `tls`, the last one with HTTP/2. */
export const PORT_FORMS = ["tcp", "tls", "http", "https", "h2"] as const;
export type PortForm = (typeof PORT_FORMS)[number];

/** Exit codes of a curl whose response was cut: partial file, failure in receiving data, HTTP/2 stream not closed. Source: curl(1). */
export const CURL_CUT_CODES: readonly number[] = [18, 56, 92];

/** What curl printed, and its exit code. */
export interface CurlResult {
  readonly form: PortForm;
  readonly body: string;
  readonly code: number;
}

/** A curl that runs. */
export interface RunningCurl {
  /** Resolves with the first bytes of the body. */
  readonly begun: Promise<void>;
  readonly done: Promise<CurlResult>;
}

/** The ports. */
export class PortForms {
  readonly ports: Readonly<Record<PortForm, HttpPort>>;

  private constructor(ports: Readonly<Record<PortForm, HttpPort>>) {
    this.ports = ports;
  }

  /** Publishes one port of each kind in front of a VM, which is the instance `web`. */
  static async open(vm: Vm): Promise<PortForms> {
    const open = async (isHttp: boolean, withTls: boolean): Promise<HttpPort> => {
      const port = await HttpPort.open({}, { isHttp, withTls });
      port.proxy.rotation.setState("web", "ready", vm);
      return port;
    };
    const [tcp, tls] = [await open(false, false), await open(false, true)];
    const [http, https] = [await open(true, false), await open(true, true)];
    return new PortForms({ tcp, tls, http, https, h2: https });
  }

  curl(form: PortForm, path: string): RunningCurl {
    const child = spawn(
      "curl",
      ["-sNk", "-m", "60", form === "h2" ? "--http2" : "--http1.1", `${this.ports[form].url}${path}`],
      { stdio: ["ignore", "pipe", "ignore"] },
    );
    let body = "";
    const begun = new Promise<void>((resolve) => {
      child.stdout.on("data", (chunk: Buffer) => {
        body += chunk.toString();
        resolve();
      });
    });
    const done = new Promise<CurlResult>((resolve) =>
      child.once("close", (code) => resolve({ form, body, code: code ?? -1 })),
    );
    return { begun, done };
  }

  /** Requests from every port at the same time; acts once each has a part of its response. */
  async curlAll(path: string, act: () => void): Promise<readonly CurlResult[]> {
    const clients = PORT_FORMS.map((form) => this.curl(form, path));
    await Promise.all(clients.map(({ begun }) => begun));
    act();
    return Promise.all(clients.map(({ done }) => done));
  }

  close(): void {
    for (const port of new Set(Object.values(this.ports))) port.close();
  }
}
