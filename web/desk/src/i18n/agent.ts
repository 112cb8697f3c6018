/** Texts of the agent's page. */

export const agentEn = {
  title: "Agent",
};

export const agentZh: typeof agentEn = {
  title: "坐席",
};
