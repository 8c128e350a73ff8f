import { expect, it } from "vitest";
import { findStale } from "../scripts/build.ts";

it("dist/ is what the sources give", async () => {
  expect(await findStale(), "dist/ is stale: run `npm run build` and commit dist/").toEqual([]);
});
