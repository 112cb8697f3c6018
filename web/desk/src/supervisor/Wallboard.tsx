/**
 * The wallboard: the queues' numbers for everybody in the room.
 *
 * `?queues=a,b` chooses queues, `?theme=light` a light ground, `?seconds=20` how long a page stays where there are several.
 */

import { ApiOutlined, DisconnectOutlined } from "@ant-design/icons";
import { ConfigProvider, theme } from "antd";
import { useEffect, useRef, useState } from "react";
import { useSearchParams } from "react-router-dom";

import { LanguageChoice } from "../app/LanguageChoice";
import { useDesk } from "../app/desk";
import { type Queue, useSelected } from "../live/store";
import { useNow } from "./clock";
import { duration, percent, timeOfDay } from "./format";
import { LevelIcon, longestWait, useText } from "./parts";
import { SiteProvider, useSite } from "./site";
import { type Level, queueLevel } from "./thresholds";
import { chosen, columnsFor, pagesOf } from "./wallPages";
import "./supervisor.css";
import "./wall.css";

const SECONDS_A_PAGE = 15;

function Figure({ id, label, level, children }: { id: string; label: string; level: Level; children: string | number }) {
  return (
    <div className={`wall-figure ${level}`} data-level={level} data-testid={id}>
      <dt>{label}</dt>
      <dd>
        <LevelIcon level={level} />
        {children}
      </dd>
    </div>
  );
}

function QueueCard({ queue, now }: { queue: Queue; now: number }) {
  const { t } = useText();
  const { live } = useDesk();
  const wait = longestWait(queue, live.age(queue, now));
  // Nobody free is shown as bad only while somebody waits for it.
  const nobody: Level = queue.agents_free === 0 && queue.waiting > 0 ? "warn" : "ok";
  return (
    <section className="wall-queue" aria-label={queue.name} data-testid={`wall-${queue.id}`}>
      <h2>{queue.name}</h2>
      <dl className="wall-figures">
        <Figure id={`wall-${queue.id}-waiting`} label={t("wall.waiting")} level={queueLevel(queue, "waiting", wait)}>
          {queue.waiting}
        </Figure>
        <Figure id={`wall-${queue.id}-longest`} label={t("wall.longest")} level={queueLevel(queue, "longest_wait_seconds", wait)}>
          {duration(wait)}
        </Figure>
        <Figure
          id={`wall-${queue.id}-level`}
          label={t("wall.serviceLevelOf", { percent: queue.service_level_target.percent })}
          level={queueLevel(queue, "service_level_percent", wait)}
        >
          {percent(queue.today.service_level)}
        </Figure>
        <Figure id={`wall-${queue.id}-free`} label={`${t("wall.free")} ${t("wall.ofAble", { count: queue.agents_able })}`} level={nobody}>
          {queue.agents_free}
        </Figure>
      </dl>
    </section>
  );
}

function toggleFullScreen(): void {
  if (document.fullscreenElement) void document.exitFullscreen();
  else void document.documentElement.requestFullscreen();
}

function useFullScreenKey(): void {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() === "f" && !event.ctrlKey && !event.metaKey && !event.altKey) toggleFullScreen();
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, []);
}

/** A wall must not go to sleep; browsers grant it where they can, and drop it whenever the page is hidden. */
function useAwake(): void {
  useEffect(() => {
    const hold = () => {
      if (document.visibilityState === "visible") navigator.wakeLock?.request("screen").catch(() => undefined);
    };
    hold();
    document.addEventListener("visibilitychange", hold);
    return () => document.removeEventListener("visibilitychange", hold);
  }, []);
}

function Wall() {
  const { t } = useText();
  const { live, stream } = useDesk();
  const { name, zone } = useSite();
  const [search] = useSearchParams();
  const now = useNow();
  const queues = useSelected(live, (state) => state.queues);
  const [turn, setTurn] = useState(0);
  const lostAt = useRef<number | null>(null);
  useFullScreenKey();
  useAwake();

  const shown = chosen([...queues.values()], search.get("queues"));
  const pages = pagesOf(shown);
  const page = pages.length ? turn % pages.length : 0;
  const seconds = Math.max(3, Number(search.get("seconds")) || SECONDS_A_PAGE);
  const many = pages.length > 1;
  useEffect(() => {
    if (!many) return;
    const timer = setInterval(() => setTurn((before) => before + 1), seconds * 1_000);
    return () => clearInterval(timer);
  }, [many, seconds]);

  const light = search.get("theme") === "light";
  const fine = stream.state === "live";
  if (fine) lostAt.current = null;
  else lostAt.current ??= now;
  const present = pages[page] ?? [];
  return (
    <main className={light ? "wall light" : "wall"} data-testid="wallboard">
      <header>
        <h1>{name || "ctid"}</h1>
        <span role="status" data-testid="connection" data-state={stream.state} style={{ color: "var(--wall-muted)" }}>
          {fine ? <ApiOutlined aria-hidden /> : <DisconnectOutlined aria-hidden />} {t(`connection.${stream.state}`)}
        </span>
        {many && <span style={{ color: "var(--wall-muted)" }}>{t("wall.page", { page: page + 1, pages: pages.length })}</span>}
        <span className="grow" />
        <ConfigProvider theme={{ algorithm: light ? theme.defaultAlgorithm : theme.darkAlgorithm }}>
          <LanguageChoice />
        </ConfigProvider>
        <button type="button" onClick={toggleFullScreen} data-testid="full-screen">
          {t("wall.fullScreen")}
        </button>
        <time>{timeOfDay(now + live.now().clockAhead, zone)}</time>
      </header>
      {!fine && (
        <div className="wall-lost" role="alert" data-testid="connection-lost">
          {t("wall.lost", { at: timeOfDay((lostAt.current ?? now) + live.now().clockAhead, zone) })}
        </div>
      )}
      {present.length ? (
        <div className="wall-grid" style={{ "--columns": columnsFor(present.length) } as React.CSSProperties}>
          {present.map((queue) => (
            <QueueCard key={queue.id} queue={queue} now={now} />
          ))}
        </div>
      ) : (
        queues.size > 0 && <p style={{ fontSize: "4vh", padding: "0 1.6vw" }}>{t("wall.noQueues")}</p>
      )}
    </main>
  );
}

export default function Wallboard() {
  return (
    <SiteProvider>
      <Wall />
    </SiteProvider>
  );
}
