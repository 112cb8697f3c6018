/** A flow as a picture: how many callers are in each node now, and how many of those who came to it hung up there. */

import { ZoomInOutlined, ZoomOutOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useEffect, useRef, useState } from "react";

import type { Drawing, Place } from "./drawing";
import { percent } from "./format";
import { useText } from "./parts";

export interface Marks {
  /** Who are in the node now. */
  callers: number;
  /** Of those who came to it, the share who hung up there; `null` if nobody came. */
  dropped: number | null;
}

function Pill({ at, text, kind }: { at: { x: number; y: number }; text: string; kind: "now" | "dropped" }) {
  const width = 12 + 7 * text.length;
  return (
    <g className={`sup-pill ${kind}`}>
      <rect x={at.x - width / 2} y={at.y - 10} width={width} height={20} rx={10} />
      <text x={at.x} y={at.y + 4} textAnchor="middle">
        {text}
      </text>
    </g>
  );
}

function Node({ place: { x, y, width, height }, marks, chosen, onChoose }: { place: Place; marks: Marks | undefined; chosen: boolean; onChoose: () => void }) {
  return (
    <g onClick={onChoose}>
      <rect className={`sup-node${chosen ? " chosen" : ""}`} x={x - 3} y={y - 3} width={width + 6} height={height + 6} rx={9} />
      {marks?.dropped ? <Pill at={{ x: x + 18, y }} text={percent(marks.dropped)} kind="dropped" /> : null}
      {marks?.callers ? <Pill at={{ x: x + width - 18, y }} text={String(marks.callers)} kind="now" /> : null}
    </g>
  );
}

export function FlowPicture({ drawing, marks, label, chosen, onChoose }: { drawing: Drawing; marks: ReadonlyMap<string, Marks>; label: string; chosen: string | null; onChoose: (node: string) => void }) {
  const { width, height, source, places } = drawing;
  const { t } = useText();
  const [whole, setWhole] = useState(true);
  const frame = useRef<HTMLDivElement>(null);
  const place = chosen === null ? undefined : places.get(chosen);
  // Whoever chooses a node in the table sees it in the picture.
  useEffect(() => {
    const element = frame.current;
    if (!element || !place) return;
    const scale = whole ? Math.min(1, element.scrollWidth / width) : 1;
    if (place.y * scale < element.scrollTop || (place.y + place.height) * scale > element.scrollTop + element.clientHeight) {
      element.scrollTop = place.y * scale - element.clientHeight / 3;
    }
    if (!whole) element.scrollLeft = place.x - element.clientWidth / 3;
  }, [place, width, whole]);
  return (
    <div className="sup-drawn">
      <Button
        className="sup-zoom"
        size="small"
        icon={whole ? <ZoomInOutlined /> : <ZoomOutOutlined />}
        aria-label={t("flows.zoom")}
        aria-pressed={!whole}
        data-testid="flow-zoom"
        onClick={() => setWhole(!whole)}
      />
      <div className="sup-picture" ref={frame} data-testid="flow-picture" tabIndex={0} role="group" aria-label={label}>
        <div style={{ position: "relative", ...(whole ? { maxWidth: width } : { width }) }}>
          <img src={source} width={width} height={height} alt={label} />
          {/* The table beside tells the same to those who cannot see it. */}
          <svg viewBox={`0 0 ${width} ${height}`} aria-hidden>
            {[...places].map(([node, where]) => (
              <Node key={node} place={where} marks={marks.get(node)} chosen={node === chosen} onChoose={() => onChoose(node)} />
            ))}
          </svg>
        </div>
      </div>
    </div>
  );
}
