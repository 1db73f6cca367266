/**
 * A Node language host for an engine that has none, so that tests can run literal `pulumi` commands: the server of the Automation API's
 * inline programs, started by the engine as `pulumi-language-nodejs`. It runs index.ts of the project's folder.
 */
"use strict";
const path = require("node:path");
const { LanguageServer } = require("@pulumi/pulumi/automation/server");
const { LanguageRuntimeService } = require("@pulumi/pulumi/proto/language_grpc_pb");
const grpc = require("@grpc/grpc-js");
require("tsx/cjs");

const host = new LanguageServer(async () => ({ ...require(path.join(process.cwd(), "index.ts")) }));
const server = new grpc.Server();
server.addService(LanguageRuntimeService, host);
server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  process.stdout.write(`${port}\n`);
});
