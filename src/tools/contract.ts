import { ContractDraft } from "../domain/contract.ts";
import type { Tool } from "../domain/tool.ts";

/** The initializer's one result. */
export function createContractTool(): Tool<ContractDraft> {
  return {
    name: "contract",
    description:
      "Propose the contract: 3 to 15 criteria, each with the smallest oracle a sceptical maintainer would accept; prefer commands. verdict already_satisfied or unclear when that is the truth. Baton runs every oracle on the base first and may send it back.",
    schema: ContractDraft,
    repeatable: true,
    run: async (draft) => ({
      content: "Received: the oracles are run on the base now.",
      isError: false,
      signal: { kind: "contract", draft },
    }),
  };
}
