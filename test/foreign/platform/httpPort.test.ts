/** A port with the handler `http` between programs that we did not write: curl and h2load in front, Go's server behind it. */
import assert from "node:assert/strict";
import { type ChildProcess, execFile, spawn } from "node:child_process";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { promisify } from "node:util";
import { HttpPort } from "../../support/httpPort";
import { freePort } from "../../support/freePorts";
import { isListening } from "../../support/localPlatform";

const SERVER = `package main
import ("fmt"; "io"; "net/http"; "os"; "strings")
func main() {
  http.HandleFunc("/size", func(w http.ResponseWriter, r *http.Request) { n, _ := io.Copy(io.Discard, r.Body); fmt.Fprint(w, n) })
  http.HandleFunc("/big", func(w http.ResponseWriter, r *http.Request) { io.CopyN(w, strings.NewReader(strings.Repeat("x", 20000000)), 20000000) })
  http.HandleFunc("/die", func(w http.ResponseWriter, r *http.Request) { w.Write(make([]byte, 100000)); os.Exit(3) })
  http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { w.Header().Set("Trailer", "Grpc-Status"); fmt.Fprint(w, r.Proto, r.Host, r.Header.Get("X-Forwarded-Proto")); w.Header().Set("Grpc-Status", "0") })
  panic(http.ListenAndServe("127.0.0.1:"+os.Args[1], nil))
}`;

describe("a port with the handler http, between other programs", () => {
  let folder: string;
  let server: ChildProcess;
  let plain: HttpPort;
  let secure: HttpPort;
  before(async function () {
    this.timeout(120_000);
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "unikernel-http-"));
    await fs.writeFile(path.join(folder, "main.go"), SERVER);
    const env = { ...process.env, PATH: `${process.env["PATH"]}:/usr/local/go/bin` };
    await promisify(execFile)("go", ["build", "-o", "server", "main.go"], { cwd: folder, env });
    const port = await freePort();
    server = spawn(path.join(folder, "server"), [String(port)], { stdio: "ignore" });
    while (!(await isListening(port))) await new Promise((resolve) => setTimeout(resolve, 10));
    plain = await HttpPort.open({ go: port });
    secure = await HttpPort.open({ go: port }, { withTls: true });
  });
  after(async () => {
    server.kill();
    for (const port of [plain, secure]) port.close();
    await fs.rm(folder, { recursive: true });
  });

  /** Output of a program; it may fail. */
  const run = async (file: string, ...args: string[]): Promise<string> => {
    const child = spawn(file, args, { stdio: ["ignore", "pipe", "inherit"] });
    let text = "";
    child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
    const code = await new Promise((resolve, reject) => child.once("close", resolve).once("error", reject));
    return `${text} exit ${String(code)}`;
  };
  const curl = (...args: string[]): Promise<string> => run("curl", "-sSk", "-m", "30", ...args);

  it("serves curl over HTTP/1.0, HTTP/1.1 and HTTP/2, trailers included", async () => {
    const host = ["-H", "Host: shop.example"];
    assert.equal(await curl("--http1.0", ...host, plain.url), "HTTP/1.1shop.examplehttp exit 0");
    assert.match(
      await curl("-i", ...host, plain.url),
      /\r\n\r\nHTTP\/1\.1shop\.examplehttpGrpc-Status: 0\r\n exit 0$/i,
    );
    assert.match(
      await curl("-i", "--http2", ...host, secure.url),
      /^HTTP\/2 200[^]*shop\.examplehttpsgrpc-status: 0\r\n/,
    );
    assert.match(await curl("--http2", plain.url), / exit 0$/);
  });

  it("takes uploads with and without a length and Expect, and sends large bodies", async () => {
    const file = path.join(folder, "upload");
    await fs.writeFile(file, Buffer.alloc(20_000_000));
    for (const { url } of [plain, secure]) {
      assert.equal(await curl("-T", file, "-H", "Expect: 100-continue", `${url}/size`), "20000000 exit 0");
      assert.equal(
        await curl("-T", file, "-H", "Transfer-Encoding: chunked", "--http1.1", `${url}/size`),
        "20000000 exit 0",
      );
      assert.match(await curl("-o", "/dev/null", "-w", "%{size_download}", `${url}/big`), /^20000000 exit 0$/);
    }
  });

  it("serves many concurrent HTTP/2 streams of h2load", async () => {
    assert.match(
      await run("h2load", "-n", "2000", "-c", "4", "-m", "32", `${secure.url}/`),
      /2000 succeeded, 0 failed/,
    );
  });

  it("fails clients whose server dies in the middle of a response", async () => {
    const outcome = await curl("-o", "/dev/null", "--http2", `${secure.url}/die`);
    assert.match(outcome, / exit (92|56|18)$/);
  });
}).timeout(120_000);
