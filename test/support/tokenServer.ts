/**
 * A token server for a registry: basic authentication, refresh tokens and anonymous access, with tokens that Debian's `docker-registry`
 * verifies against a certificate made by `openssl`.
 *
 * Source: distribution/distribution `docs/spec/auth/jwt.md` and `oauth.md`.
 */
import * as childProcess from "node:child_process";
import * as crypto from "node:crypto";
import * as fs from "node:fs/promises";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import * as os from "node:os";
import * as path from "node:path";

/** A request for a token. */
export interface TokenRequest {
  readonly method: string;
  /** `undefined` for anonymous requests and wrong credentials. */
  readonly user: string | undefined;
  readonly scopes: readonly string[];
}

/** A running token server. */
export interface TokenServer extends AsyncDisposable {
  readonly realm: string;
  readonly service: string;
  readonly issuer: string;
  /** Certificate that verifies the tokens. */
  readonly certificateFile: string;
  readonly requests: readonly TokenRequest[];
}

/** What the server knows. */
export interface TokenServerOptions {
  /** Passwords by user. A user may do everything. */
  readonly passwords?: Readonly<Record<string, string>>;
  /** Users by refresh token. */
  readonly refreshTokens?: Readonly<Record<string, string>>;
  /** Whether anyone may pull. Defaults to false. */
  readonly allowsAnonymousPull?: boolean;
  /** Lifetime in the response and in the token. Defaults to 300. */
  readonly lifetimeS?: number;
}

const SERVICE = "test registry";
const ISSUER = "test issuer";

/** Starts a token server on a loopback port. */
export async function startTokenServer(options: TokenServerOptions): Promise<TokenServer> {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), "token-server-"));
  const [keyFile, certificateFile] = [path.join(folder, "key.pem"), path.join(folder, "certificate.pem")];
  const subject = ["-subj", "/CN=test issuer", "-days", "2"];
  const made = childProcess.spawnSync(
    "openssl",
    ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", keyFile, "-out", certificateFile, ...subject],
    { encoding: "utf8" },
  );
  if (made.error !== undefined)
    throw new Error(`'openssl' could not be run (${made.error.message}); install Debian's package 'openssl'`);
  if (made.status !== 0) throw new Error(`openssl req failed: ${made.stderr}`);
  const key = crypto.createPrivateKey(await fs.readFile(keyFile));
  const der = new crypto.X509Certificate(await fs.readFile(certificateFile)).raw.toString("base64");
  const requests: TokenRequest[] = [];

  const server = http.createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text: string) => (body += text));
    request.on("end", () => {
      const parameters =
        request.method === "POST" ? new URLSearchParams(body) : new URL(request.url ?? "", "http://x").searchParams;
      const scopes = parameters.getAll("scope").flatMap((text) => text.split(" "));
      const hasCredentials = request.method === "POST" || request.headers.authorization !== undefined;
      const user =
        request.method === "POST"
          ? refreshUser(options, parameters)
          : basicUser(options, request.headers.authorization);
      requests.push({ method: request.method ?? "", user, scopes });
      if (hasCredentials && user === undefined) {
        response.writeHead(401, { "content-type": "application/json" });
        response.end(JSON.stringify({ errors: [{ code: "UNAUTHORIZED", message: "incorrect username or password" }] }));
        return;
      }
      const lifetimeS = options.lifetimeS ?? 300;
      const token = sign(
        key,
        der,
        user ?? "",
        grant(scopes, user !== undefined, options.allowsAnonymousPull === true),
        lifetimeS,
      );
      response.writeHead(200, { "content-type": "application/json" });
      response.end(
        JSON.stringify({ [request.method === "POST" ? "access_token" : "token"]: token, expires_in: lifetimeS }),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    realm: `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`,
    service: SERVICE,
    issuer: ISSUER,
    certificateFile,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await fs.rm(folder, { recursive: true, force: true });
    },
  };
}

function basicUser({ passwords = {} }: TokenServerOptions, header: string | undefined): string | undefined {
  const [user = "", password] = Buffer.from(header?.slice("Basic ".length) ?? "", "base64")
    .toString()
    .split(/:(.*)/s);
  return Object.hasOwn(passwords, user) && passwords[user] === password ? user : undefined;
}

function refreshUser({ refreshTokens = {} }: TokenServerOptions, form: URLSearchParams): string | undefined {
  return form.get("grant_type") === "refresh_token" ? refreshTokens[form.get("refresh_token") ?? ""] : undefined;
}

interface Access {
  readonly type: string;
  readonly name: string;
  readonly actions: readonly string[];
}

function grant(scopes: readonly string[], isUser: boolean, allowsAnonymousPull: boolean): Access[] {
  return scopes.map((scope) => {
    const parts = scope.split(":");
    const asked = (parts.at(-1) ?? "").split(",");
    const allowed = asked.filter((action) => isUser || (allowsAnonymousPull && action === "pull"));
    return { type: parts[0] ?? "", name: parts.slice(1, -1).join(":"), actions: allowed };
  });
}

function sign(key: crypto.KeyObject, certificate: string, user: string, access: Access[], lifetimeS: number): string {
  const now = Math.floor(Date.now() / 1000);
  const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const header = encode({ typ: "JWT", alg: "RS256", x5c: [certificate] });
  const times = { iat: now, nbf: now - 5, exp: now + lifetimeS };
  const claims = encode({ iss: ISSUER, sub: user, aud: SERVICE, ...times, jti: crypto.randomUUID(), access });
  const signature = crypto.sign("sha256", Buffer.from(`${header}.${claims}`), key).toString("base64url");
  return `${header}.${claims}.${signature}`;
}
