import { afterEach, expect, it } from "vitest";
import type { LocalServer } from "../server/local-server.js";
import { type LabellingView, serveLabelling } from "./serve-labelling.js";

let server: LocalServer | undefined;
afterEach(() => server?.close());

const VIEW: LabellingView = {
  ...{ title: "photos", file: "/photos/labels.csv", total: 2, labelled: 0, skipped: 0 },
  current: { index: 0, file: "</script>.png" },
  next: 1,
  classes: ["owl"],
  last: undefined,
};

/** What the page asked for, in its order. */
const asked: unknown[][] = [];

async function serve(): Promise<string> {
  asked.length = 0;
  server = await serveLabelling({
    view: () => VIEW,
    answer: async (...given) => {
      if (given[1] === "full disk") throw new Error("no space is left");
      asked.push(["answer", ...given]);
    },
    undo: async () => void asked.push(["undo"]),
    revisit: async () => void asked.push(["revisit"]),
    picture: async (index) => Uint8Array.of(0xff, 0xd8, index),
  });
  return server.url;
}

const post = (url: string, body: unknown): Promise<Response> =>
  fetch(url, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

it("serves a page without any text of the data, and the view with a key for every class", async () => {
  const url = await serve();
  const page = await (await fetch(url)).text();
  expect(page).toContain("default-src 'none'");
  expect(page).not.toContain("photos");
  expect(await (await fetch(`${url}view`)).json()).toEqual({
    ...{ title: "photos", file: "/photos/labels.csv", total: 2, labelled: 0, skipped: 0, next: 1 },
    current: { index: 0, file: "</script>.png" },
    classes: [{ name: "owl", key: "1" }],
  });
});

it("gives images by their place alone", async () => {
  const url = await serve();
  const image = await fetch(`${url}image?index=1`);
  expect([image.headers.get("content-type"), [...new Uint8Array(await image.arrayBuffer())]]).toEqual([
    "image/jpeg",
    [0xff, 0xd8, 1],
  ]);
  for (const query of ["", "?index=2", "?index=-1", "?index=0.5", "?index=../0", "?index=%2Fetc%2Fpasswd"])
    expect((await fetch(`${url}image${query}`)).status).toBe(404);
});

it("passes answers on, and says with the view which were not taken, and why", async () => {
  const url = await serve();
  expect((await post(`${url}answer`, { file: "a.png", label: "owl" })).status).toBe(200);
  expect((await post(`${url}answer`, { file: "a.png" })).status).toBe(200);
  await post(`${url}undo`, {});
  await post(`${url}revisit`, {});
  const full = await post(`${url}answer`, { file: "a.png", label: "full disk" });
  expect(full.status).toBe(409);
  expect(await full.json()).toMatchObject({ problem: "no space is left", current: { index: 0 } });
  for (const body of [null, [], { label: "owl" }, { file: "a.png", label: 3 }, { file: 1 }])
    expect((await post(`${url}answer`, body)).status).toBe(409);
  const foreign = await fetch(`${url}undo`, { method: "POST", headers: { Origin: "http://elsewhere.example" } });
  expect(foreign.status).toBe(403);
  expect(asked).toEqual([["answer", "a.png", "owl"], ["answer", "a.png", undefined], ["undo"], ["revisit"]]);
});
