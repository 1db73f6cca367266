/** Tracks when schedules are due. Reads no clock. */
import type { Schedule } from "../../../contract/models";
import type { InstanceRecord } from "../../store/instances";
import { nextOccurrence, parseCalendar } from "./calendar";
import { isTemplateOrCheckpoint } from "../update/templates";

/** A due schedule, and its instance. */
export interface DueSchedule {
  /** Uuid of the instance. */
  readonly uuid: string;
  readonly schedule: Schedule;
}

/**
 * The next time of every schedule, counted from when the queue first gets the schedule. Runs that were missed while no daemon
 * ran are skipped; several that were missed while the machine was suspended become one.
 */
export class ScheduleQueue {
  #times = new Map<string, number>();

  /** The schedules that are due at `now` (Unix milliseconds), each once. Adds new schedules and drops removed ones. */
  takeDue(records: readonly InstanceRecord[], now: number): DueSchedule[] {
    const times = new Map<string, number>();
    const due: DueSchedule[] = [];
    for (const { uuid, definition, status } of records) {
      for (const schedule of isTemplateOrCheckpoint(status.state) ? [] : definition.schedules) {
        const key = JSON.stringify([uuid, schedule]);
        const next = (): number => nextOccurrence(parseCalendar(schedule.when), now) ?? Infinity;
        const time = this.#times.get(key) ?? next();
        if (time <= now) due.push({ uuid, schedule });
        times.set(key, time <= now ? next() : time);
      }
    }
    this.#times = times;
    return due;
  }

  /** Time of the next due schedule in Unix milliseconds; infinite if there is none. */
  get nextAt(): number {
    return Math.min(Infinity, ...this.#times.values());
  }
}
