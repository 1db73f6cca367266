/**
 * Mocks for unit tests of programs: `import { mockPlatform } from "pulumi-unikernel/testing"`.
 *
 * They run in any test runner, without the engine, the network or a daemon. Uses only syntax of TypeScript 3.8, as `sdk/index.ts`.
 */
export type { DeclaredResource, MockPlatformOptions, Rejection } from "./types";
export { MockedPlatform, mockPlatform } from "./mockPlatform";
export { RejectedProgramError } from "./rejected";
