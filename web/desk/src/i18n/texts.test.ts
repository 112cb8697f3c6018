import { describe, expect, it } from "vitest";

import { agentEn, agentZh } from "./agent";

/** Every text with its place, and what is to be filled into it. */
function texts(tree: object, at = ""): [string, string][] {
  return Object.entries(tree).flatMap(([key, value]): [string, string][] =>
    typeof value === "string"
      ? [[`${at}${key}`, (value.match(/\{\{\w+\}\}/g) ?? []).sort().join()]]
      : texts(value as object, `${at}${key}.`),
  );
}

describe("the texts of the agent's page", () => {
  it("are there in both languages and are filled in alike", () => {
    expect(texts(agentZh)).toEqual(texts(agentEn));
  });

  it("are all filled", () => {
    const empty = (tree: object): boolean => Object.values(tree).some((value: unknown) => (typeof value === "string" ? !value : empty(value as object)));
    expect([empty(agentEn), empty(agentZh)]).toEqual([false, false]);
  });
});
