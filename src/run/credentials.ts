import { createModel, type Model } from "../loop/model.ts";
import { createRedactor } from "../session/redact.ts";

/** The two things that are made of credentials: the door to the model, and what keeps every credential out of the journal. */
export function useCredentials(given: { apiKey: string; baseUrl: string | null; others: readonly (string | null)[] }): {
  model: Model;
  redact: (text: string) => string;
} {
  const secrets = [given.apiKey, ...given.others].filter((value): value is string => Boolean(value));
  return {
    model: createModel({ apiKey: given.apiKey, ...(given.baseUrl ? { baseUrl: given.baseUrl } : {}) }),
    redact: createRedactor(secrets),
  };
}
