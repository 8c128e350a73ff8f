import type { Probot } from "probot";
import { subscriptions } from "./subscriptions.ts";

/** Takes one delivery and returns at once; what it does with it happens after the acknowledgement. */
export type Receive = (delivery: { id: string; event: string; payload: unknown }) => void;

/** The App: subscriptions, and nothing else. */
export function createApp(receive: Receive): (app: Probot) => void {
  return (app) => {
    for (const subscription of subscriptions) {
      app.on(subscription, ({ id, name, payload }) => {
        receive({ id, event: name, payload });
      });
    }
  };
}
