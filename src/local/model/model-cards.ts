import { WireError } from "./wire.ts";

/** What the scripted model knows about one model id. */
export interface ModelCard {
  id: string;
  displayName: string;
  /** Context window, tokens. */
  window: number;
  /** Largest `max_tokens`. */
  maxOutput: number;
  /** Newer models refuse sampling parameters, prefill and `thinking.budget_tokens`. */
  modern: boolean;
  /** Accepts `role: "system"` between messages. */
  midSystem: boolean;
}

function card(id: string, displayName: string, window: number, maxOutput: number, modern = true): ModelCard {
  return { id, displayName, window, maxOutput, modern, midSystem: modern };
}

/** Cards served when the caller names none; windows as published in November 2026, order of magnitude. */
export const defaultModelCards: readonly ModelCard[] = [
  card("claude-fable-5-1", "Claude Fable 5.1", 1_000_000, 128_000),
  card("claude-opus-5-5", "Claude Opus 5.5", 1_000_000, 128_000),
  card("claude-sonnet-5-5", "Claude Sonnet 5.5", 1_000_000, 128_000),
  card("claude-haiku-5-5", "Claude Haiku 5.5", 200_000, 64_000),
  card("claude-sonnet-4-5", "Claude Sonnet 4.5", 200_000, 64_000, false),
  card("claude-haiku-4-5", "Claude Haiku 4.5", 200_000, 64_000, false),
];

/** The card of a model id, or 404 as the API answers it. */
export function findModelCard(cards: readonly ModelCard[], id: unknown): ModelCard {
  const found = cards.find((candidate) => candidate.id === id);
  if (!found) throw new WireError(404, "not_found_error", `model: ${String(id)}`);
  return found;
}

/** The body of `GET /v1/models/{id}`. */
export function renderModelInfo(model: ModelCard): Record<string, unknown> {
  const yes = { supported: true };
  const no = { supported: false };
  return {
    type: "model",
    id: model.id,
    display_name: model.displayName,
    created_at: "2026-01-01T00:00:00Z",
    deprecated_at: null,
    retires_at: null,
    lifecycle: "active",
    line: model.id.split("-")[1] ?? null,
    max_input_tokens: model.window,
    max_tokens: model.maxOutput,
    capabilities: {
      batch: yes,
      citations: yes,
      code_execution: no,
      context_management: {
        supported: true,
        clear_thinking_20251015: yes,
        clear_tool_uses_20250919: yes,
        compact_20260112: model.modern ? yes : no,
      },
      effort: { supported: model.modern, low: yes, medium: yes, high: yes, max: model.modern ? yes : no, xhigh: null },
      image_input: yes,
      pdf_input: yes,
      server_tools: { supported: false, code_execution: no, web_search: no },
      structured_outputs: yes,
      thinking: {
        supported: true,
        types: {
          adaptive: model.modern ? yes : no,
          between_tools: yes,
          disabled: model.modern ? no : yes,
          enabled: model.modern ? no : yes,
        },
      },
    },
  };
}

/** The body of `GET /v1/models`. */
export function renderModelList(cards: readonly ModelCard[]): Record<string, unknown> {
  return {
    data: cards.map(renderModelInfo),
    first_id: cards[0]?.id ?? null,
    last_id: cards.at(-1)?.id ?? null,
    has_more: false,
  };
}
