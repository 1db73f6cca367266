/** When schedules are due. Pure but for what it remembers. */
import type { Schedule } from "../../../contract/models";
import type { InstanceRecord } from "../../store/instances";
import { nextOccurrence, parseCalendar } from "./calendar";
import { isTemplateOrCheckpoint } from "../update/templates";

/** A schedule of an instance that is due. */
export interface DueSchedule {
  readonly uuid: string;
  readonly schedule: Schedule;
}

/**
 * The next time of every schedule. It counts from when the schedule is first seen: what came due while no daemon ran is not
 * made up for, and what came due several times while the machine slept is done once.
 */
export class ScheduleQueue {
  #times = new Map<string, number>();

  /** What is due at `now`, each once; takes in schedules that are new and forgets those that are gone. */
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

  /** When the next one is due; infinite when there is none. */
  get nextAt(): number {
    return Math.min(Infinity, ...this.#times.values());
  }
}
