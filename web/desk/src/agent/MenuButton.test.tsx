import type { Api } from "@ctid/client";
import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { App } from "antd";
import { afterEach, expect, it, vi } from "vitest";

import type { Contact } from "../live/store";
import { MenuButton } from "./MenuButton";
import { type AgentDesk, AgentDeskProvider } from "./context";

// Who asks for a pseudo element's style is only told by jsdom, at length, that it has none.
const styleOf = window.getComputedStyle.bind(window);
window.getComputedStyle = (element) => styleOf(element);

vi.mock("react-i18next", () => ({ useTranslation: () => ({ t: (key: string) => key }) }));

const FLOWS = [
  { kind: "flow", id: "main", name: "main" },
  { kind: "flow", id: "pay", name: "Card payment" },
];

function shown(hasIvr = true, allowed_actions = ["send_to_menu"]) {
  const GET = vi.fn((_path: string, { params }: { params: { query: { search?: string } } }) =>
    Promise.resolve({
      data: { entries: FLOWS.filter(({ name }) => name.includes(params.query.search ?? "")) },
    }),
  );
  const POST = vi.fn(() => Promise.resolve({}));
  const desk = { desk: { api: { GET, POST } as unknown as Api }, agent: { id: "alice" }, country: "DE", hasIvr } as unknown as AgentDesk;
  render(
    <App>
      <AgentDeskProvider value={desk}>
        <MenuButton contact={{ id: "c1", allowed_actions } as Contact} />
      </AgentDeskProvider>
    </App>,
  );
  return { GET, POST };
}

afterEach(cleanup);

it("offers the flows, and sends the caller through the one that is chosen", async () => {
  const { POST } = shown();
  fireEvent.click(screen.getByTestId("send-to-menu"));
  expect((await screen.findByTestId("target-flow-main")).textContent).toContain("main");
  const flow = screen.getByTestId("target-flow-pay");
  expect(flow.textContent).toContain("Card payment");
  expect(screen.getByTestId("targets").children).toHaveLength(2);
  fireEvent.click(flow);
  await waitFor(() => expect(screen.queryByTestId("target-flow-pay")).toBeNull());
  const contact = { params: { path: { contact_id: "c1" } } };
  expect(POST.mock.calls).toEqual([["/v1/contacts/{contact_id}/menu", { ...contact, body: { flow: "pay" } }]]);
});

it("takes what is typed and entered at once, not what was listed before", async () => {
  const { POST } = shown();
  fireEvent.click(screen.getByTestId("send-to-menu"));
  const search = screen.getByTestId("target-search");
  expect(document.activeElement).toBe(search);
  await screen.findByTestId("target-flow-main");
  fireEvent.change(search, { target: { value: "pay" } });
  fireEvent.keyDown(search, { key: "Enter", keyCode: 13 });
  expect(screen.getByTestId("target-flow-main")).toBeTruthy();
  await waitFor(() => expect(POST).toHaveBeenCalled());
  expect(POST).toHaveBeenCalledWith("/v1/contacts/{contact_id}/menu", expect.objectContaining({ body: { flow: "pay" } }));
});

it("does nothing at Enter while nothing is typed, or nothing is found", async () => {
  const { GET, POST } = shown();
  fireEvent.click(screen.getByTestId("send-to-menu"));
  await screen.findByTestId("target-flow-main");
  const search = screen.getByTestId("target-search");
  fireEvent.keyDown(search, { key: "Enter", keyCode: 13 });
  fireEvent.change(search, { target: { value: "x" } });
  fireEvent.keyDown(search, { key: "Enter", keyCode: 13 });
  await waitFor(() => expect(screen.queryByTestId("target-flow-main")).toBeNull());
  expect(GET).toHaveBeenLastCalledWith("/v1/directory", { params: { query: { search: "x", kind: "flow", limit: 12 } } });
  expect(POST).not.toHaveBeenCalled();
});

it("cannot be used while ctid would refuse it, and is not there without flows", () => {
  shown(true, ["retrieve"]);
  expect(screen.getByTestId<HTMLButtonElement>("send-to-menu").disabled).toBe(true);
  cleanup();
  shown(false);
  expect(screen.queryByTestId("send-to-menu")).toBeNull();
});
