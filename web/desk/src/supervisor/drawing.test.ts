import { expect, test } from "vitest";

import { readDrawing } from "./drawing";

const SVG = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 300 200" width="300" height="200"><title>T</title>
<g transform="translate(30 20)"><path d="M0 0"/>
<g data-node="a &lt;b&gt;" text-anchor="middle"><rect x="10.5" y="4" width="230" height="60"/><text>50 % of #1</text></g>
</g></svg>`;

test("boxes are found where they are in the picture", () => {
  const drawing = readDrawing(SVG);
  expect(drawing).toMatchObject({ width: 300, height: 200 });
  expect([...(drawing?.places ?? [])]).toEqual([["a <b>", { x: 40.5, y: 24, width: 230, height: 60 }]]);
  expect(decodeURIComponent((drawing?.source ?? "").replace("data:image/svg+xml;utf8,", ""))).toBe(SVG);
});

test.each(["", "no picture", "<html><body/></html>", "<svg xmlns='http://www.w3.org/2000/svg'/>"])("%j is no picture", (text) => {
  expect(readDrawing(text)).toBeNull();
});
