/** Converts the engine's event stream to what tests check. */
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
  /** Properties that require a replacement. */
  readonly replaceKeys: readonly string[];
  readonly id: string | undefined;
  readonly failed: boolean;
  /** When the step started and ended, in milliseconds since 1970, as this process received the events. */
  readonly startedAtMs: number;
  readonly endedAtMs: number;
}

/** An event and when it arrived; the engine's own timestamps are whole seconds. */
export interface TimedEvent {
  readonly event: EngineEvent;
  readonly atMs: number;
}

/** A message of the engine, the program or a provider. */
export interface Diagnostic {
  readonly severity: "info" | "info#err" | "warning" | "error";
  /** The resource that it concerns; undefined for the stack's own. */
  readonly urn: string | undefined;
  readonly message: string;
}

/** Steps, messages and change counts of one operation. */
export function collectEvents(events: readonly TimedEvent[]): {
  readonly steps: readonly Step[];
  readonly diagnostics: readonly Diagnostic[];
  readonly changes: Readonly<Record<string, number>>;
} {
  const steps = new Map<string, Step>();
  const diagnostics: Diagnostic[] = [];
  let changes: Record<string, number> = {};
  for (const { event, atMs } of events) {
    // A step starts, then ends with outputs or fails; the later event has more information (the op of a refresh, for example).
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

/** The engine creates these by itself and leaves them out of its own counts. */
function isDefaultProvider(urn: string): boolean {
  return /::pulumi:providers:[^:]+::default/.test(urn);
}

/** The stream also has debug messages, which the engine does not show. */
function isUserVisible(severity: string): severity is Diagnostic["severity"] {
  return ["info", "info#err", "warning", "error"].includes(severity);
}

/** A refresh starts as `refresh` and ends as what it found; other steps keep their name. */
function stepKey(urn: string, op: string): string {
  return ["refresh", "update", "delete", "same"].includes(op) ? urn : `${urn} ${op}`;
}

/** The engine's colour codes, such as `<{%fg 1%}>`. */
function withoutColours(text: string): string {
  return text.replace(/<\{%.*?%\}>/g, "");
}
