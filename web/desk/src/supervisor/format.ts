/** Numbers and times as they are shown: durations that keep their width, percents, moments in the site's zone. */

/** `0:07`, `12:05`, `1:02:05`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  const two = (value: number) => String(value).padStart(2, "0");
  const hours = Math.floor(seconds / 3_600);
  const minutes = Math.floor(seconds / 60) % 60;
  return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

/** `82 %` of a share between 0 and 1; a dash where there is none. */
export function percent(share: number | null | undefined): string {
  return share === null || share === undefined ? "–" : `${Math.round(share * 100)} %`;
}

const clocks = new Map<string, Intl.DateTimeFormat>();

function formatter(language: string, zone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${language} ${zone} ${JSON.stringify(options)}`;
  let known = clocks.get(key);
  if (!known) {
    const timeZone = zone ? { timeZone: zone } : {};
    known = new Intl.DateTimeFormat(language === "zh" ? "zh-CN" : "en-GB", { ...options, ...timeZone, hourCycle: "h23" });
    clocks.set(key, known);
  }
  return known;
}

/** `14:05:09` in the site's zone. */
export function timeOfDay(at: Date | number | string, zone: string, seconds = true): string {
  const options: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit", ...(seconds && { second: "2-digit" }) };
  return formatter("en", zone, options).format(new Date(at));
}

/** Date and time of day in the site's zone. */
export function moment(at: Date | number | string, language: string, zone: string): string {
  return formatter(language, zone, { dateStyle: "medium", timeStyle: "medium" }).format(new Date(at));
}

/** The instant at which the day of `at` began in a zone. */
export function startOfDay(at: number, zone: string): Date {
  const day = (instant: number) => formatter("en", zone, { year: "numeric", month: "2-digit", day: "2-digit" }).format(instant);
  const today = day(at);
  // Days are 23 to 25 hours long; clocks are set by quarters of an hour at least.
  const quarter = 15 * 60_000;
  let start = Math.floor(at / quarter) * quarter;
  while (day(start - quarter) === today) start -= quarter;
  return new Date(start);
}
