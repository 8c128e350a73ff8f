import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { EventData } from "../domain/event.ts";
import type { OutMessage } from "../local/model/compose.ts";
import { renderSse, renderStreamEvents } from "../local/model/stream-events.ts";
import type { WireBlock } from "../local/model/wire.ts";

/** A server on 127.0.0.1 that gives the replies of a journal, in their order, to whatever is asked. */
export interface RecordedModel extends AsyncDisposable {
  readonly url: string;
  /** Replies given so far. */
  given(): number;
}

/** Starts a model that repeats recorded replies; after the last one it refuses, so that a run that asks for more ends. */
export async function startRecordedModel(replies: readonly EventData<"reply_received">[]): Promise<RecordedModel> {
  let next = 0;
  const server = createServer((request, response) => {
    request.resume();
    request.on("end", () => {
      if (request.method !== "POST") return refuse(response, 404, "not_found_error", "a journal lists no models");
      const reply = replies[next];
      if (!reply) return refuse(response, 400, "invalid_request_error", "the journal holds no further reply");
      next += 1;
      response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
      response.end(renderStreamEvents(messageOf(reply, next)).map(renderSse).join(""));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    given: () => next,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function refuse(response: ServerResponse, status: number, type: string, message: string): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify({ type: "error", error: { type, message } }));
}

function messageOf(reply: EventData<"reply_received">, number: number): OutMessage {
  const { usage } = reply;
  return {
    id: `msg_replay_${number}`,
    model: reply.model,
    blocks: (reply.content as WireBlock[]).map((block) =>
      block.type === "tool_use" ? { block, json: JSON.stringify(block.input ?? {}) } : { block },
    ),
    stopReason: reply.stop_reason ?? "end_turn",
    stopDetails: (reply.stop_details ?? null) as OutMessage["stopDetails"],
    usage: {
      input_tokens: usage.input,
      cache_creation_input_tokens: usage.cache_write_5m + usage.cache_write_1h,
      cache_read_input_tokens: usage.cache_read,
      cache_creation: {
        ephemeral_5m_input_tokens: usage.cache_write_5m,
        ephemeral_1h_input_tokens: usage.cache_write_1h,
      },
      output_tokens: usage.output,
      output_tokens_details: { thinking_tokens: 0 },
      server_tool_use: null,
      service_tier: "standard",
    },
  };
}
