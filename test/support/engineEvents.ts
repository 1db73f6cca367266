/** Turns the engine's event stream into what tests ask about. */
import type { EngineEvent } from "@pulumi/pulumi/automation";

/** What the engine did, or would do, to one resource. */
export interface Step {
  readonly urn: string;
  /** Last part of the URN. */
  readonly name: string;
  /** Last part of the type: `Instance`. */
  readonly kind: string;
  readonly type: string;
  /** `create`, `update`, `delete`, `replace`, `create-replacement`, `delete-replaced`, `same`, `refresh`, … */
  readonly op: string;
  /** Properties that differ, by name. */
  readonly diffs: readonly string[];
  /** Properties that ask for a replacement. */
  readonly replaceKeys: readonly string[];
  readonly id: string | undefined;
  readonly failed: boolean;
  /** When the step was announced and when it ended, in milliseconds since 1970, as the harness heard of it. */
  readonly startedAtMs: number;
  readonly endedAtMs: number;
}

/** An event and when the harness got it; the engine's own timestamps are whole seconds. */
export interface TimedEvent {
  readonly event: EngineEvent;
  readonly atMs: number;
}

/** A message of the engine, the program or a provider. */
export interface Diagnostic {
  readonly severity: "info" | "info#err" | "warning" | "error";
  /** The resource that it is about; undefined for the stack's own. */
  readonly urn: string | undefined;
  readonly message: string;
}

/** Steps, messages and the count of changes of one operation. */
export function collectEvents(events: readonly TimedEvent[]): {
  readonly steps: readonly Step[];
  readonly diagnostics: readonly Diagnostic[];
  readonly changes: Readonly<Record<string, number>>;
} {
  const steps = new Map<string, Step>();
  const diagnostics: Diagnostic[] = [];
  let changes: Record<string, number> = {};
  for (const { event, atMs } of events) {
    // A step is announced, then ends with outputs or fails; the later event knows more (a refresh only then knows its op).
    const ended = event.resOutputsEvent ?? event.resOpFailedEvent;
    const metadata = (ended ?? event.resourcePreEvent)?.metadata;
    if (metadata !== undefined && !isDefaultProvider(metadata.urn)) {
      const key = stepKey(metadata.urn, metadata.op);
      const [type, name] = metadata.urn.split("::").slice(-2);
      steps.set(key, {
        urn: metadata.urn,
        name: name ?? "",
        kind: (type ?? "").split(":").at(-1) ?? "",
        type: metadata.type,
        op: metadata.op,
        diffs: metadata.diffs ?? [],
        replaceKeys: metadata.keys ?? [],
        id: (metadata.new ?? metadata.old)?.id,
        failed: event.resOpFailedEvent !== undefined,
        startedAtMs: steps.get(key)?.startedAtMs ?? atMs,
        endedAtMs: atMs,
      });
    }
    if (event.diagnosticEvent !== undefined && event.diagnosticEvent.ephemeral !== true) {
      const { urn, message } = event.diagnosticEvent;
      const severity: string = event.diagnosticEvent.severity;
      if (!isUserVisible(severity)) continue;
      diagnostics.push({ severity, urn: urn === "" ? undefined : urn, message: withoutColours(message).trim() });
    }
    if (event.summaryEvent !== undefined) changes = { ...event.summaryEvent.resourceChanges };
  }
  return { steps: [...steps.values()], diagnostics, changes };
}

/** The engine makes these by itself and leaves them out of its own counts. */
function isDefaultProvider(urn: string): boolean {
  return /::pulumi:providers:[^:]+::default/.test(urn);
}

/** The stream carries debug messages as well, which nobody is shown. */
function isUserVisible(severity: string): severity is Diagnostic["severity"] {
  return ["info", "info#err", "warning", "error"].includes(severity);
}

/** A refresh announces itself as `refresh` and ends as what it found; everything else keeps its name. */
function stepKey(urn: string, op: string): string {
  return ["refresh", "update", "delete", "same"].includes(op) ? urn : `${urn} ${op}`;
}

/** The engine writes colours as `<{%fg 1%}>`. */
function withoutColours(text: string): string {
  return text.replace(/<\{%.*?%\}>/g, "");
}
