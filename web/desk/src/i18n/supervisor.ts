/** Texts of the supervisor's page. */

export const supervisorEn = {
  title: "Supervisor",
};

export const supervisorZh: typeof supervisorEn = {
  title: "班长",
};
