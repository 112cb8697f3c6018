/** A flow's picture as the API draws it, and where its nodes are in it. */

export interface Place {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Drawing {
  width: number;
  height: number;
  /** For an `<img>`: as an image the picture can do nothing but be seen. */
  source: string;
  /** Node to its box, in the picture's own units. */
  places: Map<string, Place>;
}

const number = (element: Element, name: string) => Number(element.getAttribute(name) ?? 0);

/** Read a picture; `null` if it is none. */
export function readDrawing(svg: string): Drawing | null {
  const root = new DOMParser().parseFromString(svg, "image/svg+xml").documentElement;
  const [left, top] = /translate\(([\d.]+) ([\d.]+)\)/.exec(root.querySelector(":scope > g")?.getAttribute("transform") ?? "")?.slice(1).map(Number) ?? [];
  if (root.tagName !== "svg" || left === undefined || top === undefined) return null;
  const places = new Map<string, Place>();
  for (const box of root.querySelectorAll("[data-node]")) {
    const shape = box.querySelector("rect");
    if (!shape) continue;
    places.set(box.getAttribute("data-node") ?? "", {
      x: left + number(shape, "x"),
      y: top + number(shape, "y"),
      width: number(shape, "width"),
      height: number(shape, "height"),
    });
  }
  return { width: number(root, "width"), height: number(root, "height"), source: `data:image/svg+xml;utf8,${encodeURIComponent(svg)}`, places };
}
